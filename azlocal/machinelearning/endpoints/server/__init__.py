"""The scoring server: what runs inside a deployment's environment, beside the user's own packages.

It depends on nothing but the standard library (Python 3.9 and later) and keeps the contract of Azure's
inference server: ``AZUREML_APP_ROOT``, ``AZUREML_ENTRY_SCRIPT`` and ``AZUREML_MODEL_DIR``, ``init()`` once,
``run(raw_data)`` for each ``POST /score``, ``GET /`` as liveness (Microsoft Learn, "Azure Machine Learning
inference HTTP server"). It is started by the path of this folder: ``python .../server --control FD``, or
``python .../server --listen PORT`` to try a script alone.
"""
