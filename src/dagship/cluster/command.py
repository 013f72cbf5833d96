"""Commands in containers, over a web socket."""

import json
import time
from typing import Any

from dagship.cluster import failures
from dagship.cluster.calls import Call
from dagship.cluster.transport import CONNECT_SECONDS, Transport
from dagship.errors import OutsideError

# Bytes of what a command reads, in one message.
_PIECE = 64 * 1024
# Bytes that a command may print; what is asked for here are answers of Airflow and short files.
_MOST = 16_000_000


def run(transport: Transport, call: Call, timeout: float, stdin: bytes = b"") -> tuple[int, str]:
    """Runs a command to its end and returns its exit code and standard output.

    Args:
        transport: The connection.
        call: The command.
        timeout: Seconds it may take.
        stdin: What it reads; it is not told of the end, so that it has to know that itself.

    Raises:
        Unreachable: It was not started; another try may succeed.
        OutsideError: It was refused, did not end in time, or the connection broke while it ran.

    """
    client = _connect(transport, call, timeout)
    try:
        _feed(client, call, stdin)
        return _finish(client, call, timeout)
    finally:
        client.close(timeout=1)
        client.sock.shutdown()  # which the library leaves out where the server said goodbye first


def _connect(transport: Transport, call: Call, timeout: float) -> Any:  # noqa: ANN401 - the library's client, which it leaves untyped
    import websocket
    from kubernetes.stream.ws_client import WSClient, get_websocket_url

    # The library has no other way to say it; without, a server that is gone is waited for without end.
    websocket.setdefaulttimeout(max(CONNECT_SECONDS, timeout))
    with transport.login(call) as (configuration, headers):
        url = get_websocket_url(configuration.host + call.target)
        try:
            return WSClient(configuration, url, headers, capture_all=False, binary=True)
        except websocket.WebSocketBadStatusException as refused:
            body = refused.resp_body or b""
            raise failures.of_response(refused.status_code, body, call.what, refused.resp_headers) from refused
        except (websocket.WebSocketException, OSError) as failed:
            raise failures.of_connection(failed, transport.server, call.what, proxy=transport.proxy) from failed


def _feed(client: Any, call: Call, stdin: bytes) -> None:  # noqa: ANN401 - as above
    import websocket
    from kubernetes.stream.ws_client import STDIN_CHANNEL

    try:
        for start in range(0, len(stdin), _PIECE):
            client.write_channel(STDIN_CHANNEL, stdin[start : start + _PIECE])
    except (websocket.WebSocketException, OSError) as failed:
        raise OutsideError(f"Cannot {call.what}: the connection broke while it read. {failed}") from failed


def _finish(client: Any, call: Call, timeout: float) -> tuple[int, str]:  # noqa: ANN401 - as above
    import websocket
    from kubernetes.stream.ws_client import ERROR_CHANNEL, STDOUT_CHANNEL

    deadline = time.monotonic() + timeout
    _limit(client, call)
    try:
        while client.is_open() and (left := deadline - time.monotonic()) > 0:
            client.update(timeout=left)
    except (websocket.WebSocketException, OSError) as failed:
        # Whatever it does may be done: no other try.
        raise OutsideError(f"Cannot {call.what}: the connection broke while it ran. {failed}") from failed
    if client.is_open():
        raise OutsideError(f"Cannot {call.what}: it did not end within {timeout:g} s.")
    # Not before: to read one channel takes in what came on the others, the end of all included.
    # Older releases of the library have text, and not bytes, of a channel on which nothing came.
    output, status = (client.read_channel(channel) or b"" for channel in (STDOUT_CHANNEL, ERROR_CHANNEL))
    return exit_code(status, call.what), output.decode("utf-8", "replace")


def _limit(client: Any, call: Call) -> None:  # noqa: ANN401 - as above
    """Ends what prints without end: as long as there is more, the library goes on reading and keeps it all."""
    receive, read = client.sock.recv_data_frame, 0

    def counted(*arguments: Any) -> Any:  # noqa: ANN401 - as above
        nonlocal read
        code, frame = receive(*arguments)
        read += len(frame.data or b"")
        if read > _MOST:
            raise OutsideError(f"Cannot {call.what}: it printed more than {_MOST // 1_000_000} MB.")
        return code, frame

    client.sock.recv_data_frame = counted


def exit_code(status: bytes, what: str) -> int:
    """Reads the Status that the server sends when a command ended.

    Raises:
        OutsideError: The command was not run, or how it ended is not known.

    """
    try:
        document = json.loads(status)
    except ValueError as unread:
        raise OutsideError(f"Cannot {what}: the connection broke while it ran.") from unread
    if document.get("status") == "Success":
        return 0
    for cause in (document.get("details") or {}).get("causes") or ():
        if cause.get("reason") == "ExitCode":
            return int(cause["message"])
    raise OutsideError(f"Cannot {what}: {' '.join(str(document.get('message')).split())[:300]}")
