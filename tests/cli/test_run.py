import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from echo_studio import __version__
from echo_studio.cli import main
from echo_studio.cli.run import COMMANDS

GENERATE = ["generate", "--view", "4CH", "--generator", "g"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["bogus"], "No such command 'bogus'"),
        (["--bogus"], "No such option"),
        (["check-data"], "Missing argument"),
        (["check-data", "FOLDER", "extra"], "unexpected extra argument"),
        (["check-data", "FOLDER", "--verbose"], "No such option"),
        (["check-data", "FOLDER"], "holds no patient"),
        (["check-data", "FOLDER/none"], "is no folder"),
        (["models", "--checkpoints", "FOLDER/none"], "folder of checkpoints"),
        (["app", "--port", "99999999"], "--port"),
        (["app", "--port", "web"], "--port"),
        ([*GENERATE, "--out", "FOLDER/o.png"], "--label-map"),
        ([*GENERATE, "--out", "FOLDER/o.png", "--label-map"], "--label-map"),
        ([*GENERATE, "--out", "FOLDER/o.png", "--label-map", "FOLDER/none.png"], "no file at"),
        (
            [*GENERATE, "--out", "FOLDER/o.png", "--label-map", "FOLDER/text.png"],
            "got content of another kind in text.png",
        ),
        ([*GENERATE, "--out", "FOLDER/o.webp", "--label-map", "m.png"], "o.webp"),
        ([*GENERATE, "--out", "FOLDER/none/o.png", "--label-map", "m.png"], "no such folder"),
        ([*GENERATE, "--out", "FOLDER", "--label-map", "m.png"], "change the suffix"),
        ([*GENERATE, "--out", "FOLDER/o.png", "--label-map", "m.png", "--view", "5CH"], "'5CH' is not one of"),
        ([*GENERATE, "--out", "FOLDER/o.png", "--label-map", "m.png", "--phase", "MID"], "--phase"),
        ([*GENERATE, "--out", "FOLDER/o.png", "--label-map", "m.png", "--nfe", "many"], "--nfe"),
        ([*GENERATE, "--out", "FOLDER/o.png", "--label-map", "m.png", "--repeat", "0"], "--repeat"),
    ],
)
def test_bad_input_gives_one_line_on_stderr_and_exit_code_2(
    arguments: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.png").write_text("not an image")
    before = sorted(tmp_path.iterdir())
    code = main([argument.replace("FOLDER", str(tmp_path)) for argument in arguments])
    printed = capsys.readouterr()
    assert code == 2
    assert printed.out == ""
    assert printed.err.startswith("echo-studio: ")
    assert printed.err.count("\n") == 1
    assert says in printed.err
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    printed = capsys.readouterr()
    assert f"echo-studio {command}" in printed.out.split("Example:")[1]
    assert "--json" in printed.out
    assert printed.err == ""


def test_no_arguments_give_the_list_of_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    printed = capsys.readouterr().out
    assert all(command in printed for command in COMMANDS)


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"echo-studio {__version__}\n"


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from echo_studio.cli import main; assert main(['generate', '--help']) == 0\n"
        "heavy = {'torch', 'cv2', 'gradio', 'monai', 'nibabel', 'PIL'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_taken_port_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["app", "--port", port, "--json"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert port in printed.err
    assert printed.err.count("\n") == 1


def test_the_app_announces_its_address_as_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setattr("echo_studio.web.launch.serve", lambda *given: print("serving", *given))
    assert main(["app", "--port", str(port), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"url": f"http://127.0.0.1:{port}/"}


def test_an_interrupt_ends_with_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("echo_studio.data.datasets.check.CamusFolder", interrupted)
    assert main(["check-data", "."]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_a_fault_of_the_program_is_not_disguised_as_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(path: Path) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("echo_studio.data.datasets.check.CamusFolder", broken)
    with pytest.raises(ZeroDivisionError):
        main(["check-data", "."])


def test_a_sound_folder_passes_the_check(camus_folder: Callable, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-data", str(camus_folder())]) == 0
    assert capsys.readouterr().out == "no faults in 8 frames of 2 patients\n"


def test_every_fault_is_in_the_table_and_in_the_json(
    camus_folder: Callable, capsys: pytest.CaptureFixture[str]
) -> None:
    root = camus_folder()
    (root / "patient0001" / "patient0001_2CH_ED.nii.gz").unlink()
    (root / "patient0002" / "patient0002_4CH_ES_gt.nii.gz").write_bytes(b"")
    assert main(["check-data", str(root)]) == 2
    table = capsys.readouterr().out
    assert main(["check-data", str(root), "--json"]) == 2
    report = json.loads(capsys.readouterr().out)
    assert [fault["kind"] for fault in report["faults"]] == ["missing pair", "unreadable"]
    assert (report["patients"], report["frames"]) == (2, 7)
    for fault in report["faults"]:
        assert Path(fault["path"]).name in table
        assert fault["kind"] in table
    assert "2 faults in 7 frames of 2 patients" in table
