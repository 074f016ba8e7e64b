"""The gateway through clients that know nothing of it: TLS names, tunnels, refusals."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator

import httpx
import pytest

from azlocal.gateway.hosts import Hosts
from tests.azlocal.conftest import Server


@pytest.fixture
def echo() -> Iterator[int]:
    """A TCP server that is not Azure: it sends back what it gets, until the other side is done."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            while data := connection.recv(65536):
                connection.sendall(data)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    thread.join(10)
    listener.close()


def connect(server: Server, target: str) -> tuple[socket.socket, bytes]:
    """A raw CONNECT; answers the socket and the proxy's answer."""
    connection = socket.create_connection(("127.0.0.1", server.running.port), timeout=20)
    connection.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        data = connection.recv(4096)
        if not data:
            break
        answer += data
    return connection, answer


def test_other_hosts_are_tunnelled_untouched(server: Server, echo: int) -> None:
    connection, answer = connect(server, f"127.0.0.1:{echo}")
    assert answer.startswith(b"HTTP/1.1 200")
    payload = bytes(range(256)) * 8192
    received = bytearray()

    def read() -> None:
        while data := connection.recv(65536):
            received.extend(data)

    reader = threading.Thread(target=read)
    reader.start()
    connection.sendall(payload)
    connection.shutdown(socket.SHUT_WR)
    reader.join(20)
    connection.close()
    assert bytes(received) == payload


def test_unreachable_host_is_said(server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    connection, answer = connect(server, f"127.0.0.1:{port}")
    connection.close()
    assert answer.startswith(b"HTTP/1.1 502")


@pytest.mark.parametrize("target", ["management.azure.com", "no-port:", ":443", "host:port"])
def test_malformed_connect_is_refused(server: Server, target: str) -> None:
    connection, answer = connect(server, target)
    connection.close()
    assert answer.startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("host", ["management.azure.com", "x.blob.core.windows.net", "login.microsoftonline.com"])
def test_certificate_is_for_the_very_host(server: Server, host: str) -> None:
    connection, _ = connect(server, f"{host}:443")
    context = ssl.create_default_context(cafile=str(server.folder.ca_certificate))
    with context.wrap_socket(connection, server_hostname=host) as tls:
        assert tls.version() in {"TLSv1.2", "TLSv1.3"}


def test_old_tls_is_refused(server: Server) -> None:
    connection, _ = connect(server, "management.azure.com:443")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(server.folder.ca_certificate)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("AES128-SHA")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        context.wrap_socket(connection, server_hostname="management.azure.com")
    connection.close()


def test_listens_on_loopback_only(server: Server) -> None:
    addresses = {str(item[4][0]) for item in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in addresses - {"127.0.0.1", "127.0.1.1"}:
        with pytest.raises(OSError, match=r"refused|unreachable|timed out"):
            socket.create_connection((address, server.running.port), timeout=2)


def test_plain_http_is_answered_by_the_gateway_itself(server: Server) -> None:
    with httpx.Client(trust_env=False) as client:
        assert client.get(f"{server.running.proxy}/health").json()["status"] == "ready"
        assert client.get(f"{server.running.proxy}/anything").status_code == 501


def test_longest_suffix_wins_and_others_are_not_azure() -> None:
    hosts = Hosts()
    assert hosts.service("a.blob.core.windows.net") == "storage"
    assert hosts.service("MANAGEMENT.azure.com.") == "arm"
    assert hosts.service("westeurope.api.azureml.ms") == "machinelearning"
    assert hosts.service("example.org") is None
    assert hosts.service("notmanagement.azure.com.example.org") is None
    hosts.dynamic.append((lambda host: host == "scoring.example.org", "scoring"))
    assert hosts.service("scoring.example.org") == "scoring"


def test_unserved_host_below_a_known_suffix_is_501(server: Server) -> None:
    with httpx.Client(
        proxy=server.running.proxy, verify=ssl.create_default_context(cafile=str(server.folder.ca_certificate))
    ) as client:
        response = client.get(
            "https://management.azure.com/subscriptions/x/providers/Microsoft.Nowhere/things?api-version=2020-01-01"
        )
    assert response.status_code == 401, "who asks comes before what is asked"


def test_a_body_over_arms_limit_is_413_with_the_limit(server: Server) -> None:
    with httpx.Client(
        proxy=server.running.proxy, verify=ssl.create_default_context(cafile=str(server.folder.ca_certificate))
    ) as client:
        response = client.put(
            f"https://management.azure.com{server.subscription}/resourceGroups/rg-big?api-version=2021-04-01",
            content=b"x" * (4 * 1024 * 1024 + 1),
        )
    assert response.status_code == 413
    assert response.json()["error"]["code"] == "RequestEntityTooLarge"
    assert str(4 * 1024 * 1024) in response.json()["error"]["message"]
