"""Reading Pulumi.yaml and Pulumi.<stack>.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest

from azlocal.engine.errors import EngineError, FileError, RefusedError
from azlocal.engine.project import known_stacks, load_project

SOUND = "name: shop\nruntime: python\n"


def write(folder: Path, project: str, stack: str = "", where: str = "") -> None:
    (folder / "Pulumi.yaml").write_text(project)
    (folder / where).mkdir(exist_ok=True)
    (folder / where / "Pulumi.dev.yaml").write_text(stack)
    (folder / "__main__.py").touch()


def test_settings_reach_the_program_as_text(tmp_path: Path) -> None:
    write(
        tmp_path,
        "name: shop\nruntime: {name: python}\n",
        "config:\n  region: westeurope\n  nodes: 3\n  zones: ['1', '2']\n  enabled: true\n"
        "  network: {space: 10.0.0.0/16}\n  azure-native:location: eastus\n",
    )
    assert load_project(tmp_path, "dev").config == {
        "shop:region": "westeurope",
        "shop:nodes": "3",
        "shop:zones": '["1", "2"]',
        "shop:enabled": "true",
        "shop:network": '{"space": "10.0.0.0/16"}',
        "azure-native:location": "eastus",
    }


def test_the_projects_own_defaults(tmp_path: Path) -> None:
    write(
        tmp_path,
        "name: shop\nruntime: python\nconfig:\n  a: 1\n  b: {type: string, default: two}\n"
        "  c: {value: 3}\n  d: {type: string}\n",
        "config: {a: 9}\n",
    )
    assert load_project(tmp_path, "dev").config == {"shop:a": "9", "shop:b": "two", "shop:c": "3"}


def test_main_and_the_folder_of_settings(tmp_path: Path) -> None:
    write(tmp_path, "name: shop\nruntime: python\nmain: code/\nstackConfigDir: environments\n", where="environments")
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "__main__.py").touch()
    project = load_project(tmp_path, "dev")
    assert project.main == (tmp_path / "code" / "__main__.py").resolve()
    assert known_stacks(tmp_path) == ["dev"]


def test_main_may_be_a_file(tmp_path: Path) -> None:
    write(tmp_path, "name: shop\nruntime: python\nmain: program.py\n")
    (tmp_path / "program.py").touch()
    assert load_project(tmp_path, "dev").main.name == "program.py"


def test_a_misspelt_config_is_named(tmp_path: Path) -> None:
    write(tmp_path, "name: shop\nruntime: python\n", "confg:\n  region: north\n")
    with pytest.raises(EngineError, match=r"Pulumi\.dev\.yaml:1 does not know the key 'confg'") as error:
        load_project(tmp_path, "dev")
    assert (error.value.hint or "").startswith("did you mean 'config'? ")


def test_an_unknown_environment_lists_the_known(tmp_path: Path) -> None:
    write(tmp_path, "name: shop\nruntime: python\n")
    (tmp_path / "Pulumi.prod.yaml").touch()
    with pytest.raises(EngineError, match="unknown environment 'staging'; known are: dev, prod") as error:
        load_project(tmp_path, "staging")
    assert "Pulumi.staging.yaml" in (error.value.hint or "")
    with pytest.raises(EngineError, match="unknown environment"):
        load_project(tmp_path, "../dev")


@pytest.mark.parametrize("setting", ["{secure: AAAB}", "{deep: {secure: AAAB}}", "[{secure: AAAB}]"])
def test_encrypted_settings_are_refused_by_name(tmp_path: Path, setting: str) -> None:
    write(tmp_path, "name: shop\nruntime: python\n", f"config: {{password: {setting}}}\n")
    with pytest.raises(RefusedError, match=r"encrypted settings.*: password"):
        load_project(tmp_path, "dev")


def test_a_key_that_stands_twice_is_refused_with_both_lines(tmp_path: Path) -> None:
    settings = (
        "config:\n  network:\n    space: 10.0.0.0/16\n    zones:\n      - {name: a, name: b}\n    space: 10.1.0.0/16\n"
    )
    write(
        tmp_path,
        "name: shop\nruntime: python\n",
        f"{settings}  tags: &all {{a: 1}}\n  more: {{<<: *all, a: 2}}\nconfig: {{}}\n",
    )
    with pytest.raises(EngineError) as error:
        load_project(tmp_path, "dev")
    assert error.value.message == (
        f"{tmp_path / 'Pulumi.dev.yaml'} says things twice: the key 'config.network.zones[0].name' stands in lines 5"
        " and 5; the key 'config.network.space' stands in lines 3 and 6; the key 'config' stands in lines 1 and 9"
    )
    assert error.value.hint == "keep one of each"
    write(tmp_path, "name: shop\nruntime: python\nname: store\n")
    with pytest.raises(EngineError, match=r"Pulumi\.yaml says things twice: the key 'name' stands in lines 1 and 3"):
        load_project(tmp_path, "dev")


def test_a_setting_in_both_its_spellings_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "name: shop\nruntime: python\n", "config: {region: a, 'shop:region': b, 'other:region': c}\n")
    with pytest.raises(EngineError, match=r"has settings twice: 'shop:region' is also 'region'$"):
        load_project(tmp_path, "dev")


@pytest.mark.parametrize(
    ("project", "stack", "said"),
    [
        ("runtime: python\n", "", "has no name"),
        ("name: shop\nruntime: nodejs\n", "", "has runtime 'nodejs'"),
        ("name: shop\nruntime: python\nmain: nowhere/\n", "", "nowhere does not exist"),
        ("name: [\n", "", r"Pulumi\.yaml:2 is not valid YAML: "),
        ("\n- a\n", "", r"Pulumi\.yaml:2 must be a mapping of keys to values, but is a list"),
        (SOUND, "- a\n", r"Pulumi\.dev\.yaml:1 must be a mapping"),
        (SOUND, "\nconfig: [a]\n", r"Pulumi\.dev\.yaml:2 'config' must be a mapping"),
        (SOUND, "config:\n  amount: &x [*x]\n", r"Pulumi\.dev\.yaml:2 cannot be a setting: .* holds itself"),
        (SOUND, "config:\n  a: &x {b: {c: *x}}\n", r"Pulumi\.dev\.yaml:2 cannot be a setting: .* holds itself"),
    ],
)
def test_mistakes_are_one_sentence(tmp_path: Path, project: str, stack: str, said: str) -> None:
    write(tmp_path, project, stack)
    with pytest.raises(EngineError, match=said):
        load_project(tmp_path, "dev")


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    write(tmp_path, SOUND)
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {}\n", encoding="utf-16")
    with pytest.raises(FileError, match=r"Pulumi\.dev\.yaml is not UTF-8 text") as error:
        load_project(tmp_path, "dev")
    assert (error.value.where, error.value.hint) == ("Pulumi.dev.yaml", "save it in UTF-8")


def test_an_alias_that_only_repeats_is_no_circle(tmp_path: Path) -> None:
    write(tmp_path, SOUND, "config:\n  a: &x [1]\n  b: [*x, *x]\n")
    assert load_project(tmp_path, "dev").config["shop:b"] == "[[1], [1]]"


def test_a_folder_without_a_project(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"no Pulumi\.yaml"):
        load_project(tmp_path, "dev")
