"""What Azure and its SDK refuse, as a sentence and a way out."""

from __future__ import annotations

from typing import Any
from unittest.mock import create_autospec

import pytest
from azure.ai.ml import MLClient
from azure.ai.ml.exceptions import MlException, ValidationErrorType, ValidationException
from azure.ai.ml.operations import DataOperations
from azure.core.exceptions import ResourceNotFoundError

from ml.azure_errors import explain
from ml.data.ingest import newest_version
from ml.errors import MlError

FORMATTED = """

\x1b[37m
\x1b[30m
1) Resource was not found.
\x1b[39m\x1b[39m

Details:

\x1b[31m(x) Asset nycflights13 does not exist in workspace mlw.\x1b[39m

Resolutions:
1) Double-check that the resource has been specified correctly and that you have access to it.
"""


def client_without_data(error: Exception) -> Any:
    client = create_autospec(MLClient, instance=True)
    client.data = create_autospec(DataOperations, instance=True)
    client.data.get.side_effect = error
    return client


@pytest.mark.parametrize(
    "error",
    [
        ResourceNotFoundError("no container"),
        MlException(FORMATTED, FORMATTED),
        ValidationException(
            "Asset x does not exist in workspace w.",
            "Asset x does not exist in workspace w.",
            error_type=ValidationErrorType.RESOURCE_NOT_FOUND,
        ),
    ],
    ids=["service", "formatted", "raw"],
)
def test_a_training_before_the_first_ingest_says_how_to_ingest(error: Exception) -> None:
    with pytest.raises(MlError, match="the workspace has no data nycflights13") as caught:
        newest_version(client_without_data(error))
    assert "ml ingest" in caught.value.hint


def test_what_the_sdk_refuses_is_one_sentence_without_its_colours() -> None:
    assert explain(MlException(FORMATTED, FORMATTED)) == ("Asset nycflights13 does not exist in workspace mlw.", "")


def test_a_plain_message_of_the_sdk_stays_as_it_is() -> None:
    assert explain(MlException("No such file or directory: /x", "")) == ("No such file or directory: /x", "")


def test_a_sentence_over_two_lines_is_kept_whole() -> None:
    text = "1) Invalid\n\n(x) The name must start\n with a letter.\n\n\nResolutions: \n1) Check"
    assert explain(MlException(text, text)) == ("The name must start with a letter.", "")
