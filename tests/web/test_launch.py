"""Starting: offline, on this machine only, and clear when it cannot start."""

import asyncio
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from echo_studio.cli.run import main
from echo_studio.errors import RequestError
from echo_studio.web.launch import listen, stay_offline, warning


def test_telemetry_is_off_and_the_own_address_bypasses_proxies() -> None:
    environment = {"NO_PROXY": "intranet"}
    stay_offline(environment)
    stay_offline(environment)
    assert environment["GRADIO_ANALYTICS_ENABLED"] == "False"
    assert environment["HF_HUB_OFFLINE"] == "1"
    assert environment["NO_PROXY"] == "intranet,127.0.0.1,localhost,::1"


def test_a_taken_port_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(RequestError, match=f"127.0.0.1:{port}"):
            listen("127.0.0.1", port)
        assert main(["app", "--port", str(port)]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "choose another" in told


def test_an_impossible_port_is_refused() -> None:
    with pytest.raises(RequestError, match="70000"):
        listen("127.0.0.1", 70000)


def test_the_server_writes_nothing_beside_its_source() -> None:
    from echo_studio.web import server  # Gradio writes type stubs beside classes with events as they are made

    assert not list(Path(server.__file__).parent.rglob("*.pyi"))


def test_an_address_that_others_reach_is_warned_of_in_one_line() -> None:
    assert [warning(host, login=login) for host in ("127.0.0.1", "localhost", "::1") for login in (True, False)] == [
        ""
    ] * 6
    assert "--auth FILE" in warning("0.0.0.0", login=False)
    assert "TLS" in warning("192.168.1.5", login=True)
    assert "\n" not in warning("0.0.0.0", login=False)


def test_help_on_the_page_loads_neither_torch_nor_gradio() -> None:
    code = (
        "import sys\n"
        "from echo_studio.cli.run import main\n"
        "main(['app', '--help'])\n"
        "sys.exit(bool({'torch', 'gradio'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, stdout=subprocess.DEVNULL).returncode == 0


def test_what_is_sent_does_not_wait_for_the_clients_acknowledgement() -> None:
    async def accepted() -> int:
        with listen("127.0.0.1", 0) as listener:
            found: asyncio.Future[asyncio.StreamWriter] = asyncio.get_running_loop().create_future()
            server = await asyncio.start_server(lambda _, writer: found.set_result(writer), sock=listener)
            _, ours = await asyncio.open_connection(*listener.getsockname())
            theirs = await found
            at_once: int = theirs.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            for writer in (ours, theirs):
                writer.close()
                await writer.wait_closed()
            server.close()
            return at_once

    with ThreadPoolExecutor(1) as other:  # tests in a browser leave a loop running in this thread
        assert other.submit(lambda: asyncio.run(accepted())).result()
