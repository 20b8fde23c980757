"""`ringfence policy plan` says how a bundle's rules are measured."""

import json

from typer.testing import CliRunner

from ringfence.cli.policy import app


def test_plan_prints_groups_keys_and_memory() -> None:
    printed = CliRunner().invoke(app, ["plan", "bundles/default"]).output
    assert "one compiled pass: per source" in printed
    assert "B a key" in printed
    assert "sip-scan can be split by source" in printed
    assert "all rules together take 1,074 MB at most" in printed


def test_plan_as_json_has_every_rule_measured_one_way() -> None:
    told = json.loads(CliRunner().invoke(app, ["plan", "bundles/default", "--json"]).output)
    compiled = [name for group in told["groups"] for name in group["rules"]]
    tallied = [each["rule"] for each in told["tallied"]]
    assert sorted(compiled + tallied) == sorted(told["split_by"])
    assert told["most_bytes"] == 1 << 30
    assert 0 < told["beside_bytes"] < told["most_bytes"] / 3
    assert all(each["why"] for each in told["tallied"])
