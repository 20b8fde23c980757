"""Every link gets a span of its own: memberships, account holdings, trunk uses; numbers may be blocks and nobody's."""

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_SPAN = [
    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
    ("valid_from", models.DateTimeField(null=True)),
    ("valid_to", models.DateTimeField(null=True)),
]
_BATCH = 2_000


def _to(model: str, name: str, **more: object) -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name=name, to=f"parties.{model}", **more)


def carry_over(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Write each link that stood in a column as a row, without bound where it had none."""
    new = {name: apps.get_model("parties", name) for name in ("Membership", "AccountHolding", "TrunkUse", "NumberHolding")}
    old = {name: apps.get_model("parties", name)._default_manager for name in ("Party", "Account", "Trunk", "Number")}
    span = ("valid_from", "valid_to")
    rows = {
        "Membership": [
            new["Membership"](party_id=party, parent_id=parent)
            for party, parent in old["Party"].exclude(parent=None).values_list("id", "parent_id")
        ],
        "AccountHolding": [
            new["AccountHolding"](
                account_id=row["id"], party_id=row["party_id"], plan=row["plan"], **{name: row[name] for name in span}
            )
            for row in old["Account"].values("id", "party_id", "plan", *span)
        ],
        "TrunkUse": [
            new["TrunkUse"](trunk_id=row.pop("id"), **row)
            for row in old["Trunk"].values("id", "account_id", "address", "user", *span)
        ],
        "NumberHolding": [
            new["NumberHolding"](prefix=(number := row.pop("number")), digits=len(number), **row)
            for row in old["Number"].values("number", "account_id", *span)
        ],
    }
    for name, found in rows.items():
        new[name]._default_manager.bulk_create(found, batch_size=_BATCH)


class Migration(migrations.Migration):
    dependencies = [("parties", "0001_tree")]

    operations = [
        migrations.CreateModel(
            name="Membership",
            fields=[*_SPAN, ("party", _to("party", "memberships")), ("parent", _to("party", "brought"))],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="AccountHolding",
            fields=[
                *_SPAN,
                ("plan", models.CharField(blank=True, max_length=64)),
                ("account", _to("account", "holdings")),
                ("party", _to("party", "holdings")),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="TrunkUse",
            fields=[
                *_SPAN,
                ("address", models.CharField(blank=True, max_length=64)),
                ("user", models.CharField(blank=True, max_length=128)),
                ("account", _to("account", "trunk_uses")),
                ("trunk", _to("trunk", "uses")),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="NumberHolding",
            fields=[
                *_SPAN,
                ("prefix", models.CharField(max_length=16)),
                ("digits", models.PositiveSmallIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("held", "Held"),
                            ("sub-allocated", "Sub Allocated"),
                            ("quarantined", "Quarantined"),
                            ("ported-out", "Ported Out"),
                        ],
                        default="held",
                        max_length=16,
                    ),
                ),
                ("account", _to("account", "number_holdings", null=True)),
            ],
        ),
        migrations.AddConstraint(
            "NumberHolding",
            models.UniqueConstraint(fields=("prefix", "digits", "valid_from"), name="parties_numbers_once", nulls_distinct=False),
        ),
        migrations.AddIndex("NumberHolding", models.Index(fields=("prefix", "digits"), name="parties_numbers_prefix")),
        migrations.RunPython(carry_over, migrations.RunPython.noop, elidable=False),
    ]
