"""Every code that the control plane raises has a fix and a source."""

from __future__ import annotations

import re

from azlocal.engine.plan.catalogue import CATALOGUE, advice
from tests.azlocal.plan.codes import raised_codes


def test_every_code_that_a_put_can_raise_has_a_row() -> None:
    codes = raised_codes()
    assert len(codes) > 100
    assert {"NetcfgInvalidSubnet", "AlreadyInUse", "VnetSubnetIDNotFound", "InvalidRequestContent"} <= codes
    assert codes - {key.partition(" ")[0] for key in CATALOGUE} == set()


def test_every_row_says_what_to_do_and_where_that_is_written() -> None:
    page = re.compile(r"https://(learn\.microsoft\.com|www\.pulumi\.com|kubernetes\.io)/|docs/")
    wrong = [key for key, row in CATALOGUE.items() if not row.fix or row.fix[-1] == "." or not page.match(row.source)]
    assert wrong == []


def test_the_row_of_the_type_is_told_before_that_of_the_code() -> None:
    assert "retention" in advice("BadRequest", "Microsoft.KeyVault/vaults").fix
    assert advice("BadRequest", "Microsoft.Other/things") == advice("BadRequest")


def test_an_unknown_code_is_answered_with_the_page_of_common_errors() -> None:
    assert advice("NeverHeardOf").source.endswith("common-deployment-errors")
