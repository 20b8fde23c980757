"""Contacts, contracts, proofs, rights to use numbers, exemptions, transfers; billing day and country of an account."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("parties", "0003_columns_gone"),
    ]

    operations = [
        migrations.AddField(
            model_name="account",
            name="billing_day",
            field=models.PositiveSmallIntegerField(db_default=1, default=1),
        ),
        migrations.AddField(
            model_name="account",
            name="country",
            field=models.CharField(blank=True, db_default="", default="", max_length=2),
        ),
        migrations.CreateModel(
            name="Contact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateTimeField(null=True)),
                ("valid_to", models.DateTimeField(null=True)),
                ("name", models.CharField(max_length=128, unique=True)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("abuse", "Abuse"),
                            ("emergency", "Emergency"),
                            ("legal", "Legal"),
                            ("billing", "Billing"),
                            ("technical", "Technical"),
                        ],
                        default="abuse",
                        max_length=16,
                    ),
                ),
                ("person", models.CharField(blank=True, max_length=128)),
                ("mail", models.CharField(blank=True, max_length=254)),
                ("telephone", models.CharField(blank=True, max_length=16)),
                ("language", models.CharField(default="en", max_length=16)),
                (
                    "party",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="contacts", to="parties.party"),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Proof",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("identity", "Identity"), ("address", "Address")], max_length=16)),
                ("prefix", models.CharField(blank=True, max_length=16)),
                ("digits", models.PositiveSmallIntegerField(default=0)),
                ("document", models.CharField(max_length=256)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[("submitted", "Submitted"), ("accepted", "Accepted"), ("rejected", "Rejected")],
                        default="submitted",
                        max_length=16,
                    ),
                ),
                ("reason", models.TextField(blank=True)),
                ("submitted", models.DateTimeField()),
                ("judged", models.DateTimeField(null=True)),
                ("judged_by", models.CharField(blank=True, max_length=64)),
                ("expires", models.DateTimeField(null=True)),
                (
                    "party",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="proofs", to="parties.party"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Contract",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateTimeField(null=True)),
                ("valid_to", models.DateTimeField(null=True)),
                ("reference", models.CharField(max_length=128)),
                ("terms", models.TextField()),
                ("cure_hours", models.PositiveIntegerField(null=True)),
                ("liability_cap", models.DecimalField(decimal_places=2, max_digits=14, null=True)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("governing_law", models.CharField(max_length=128)),
                (
                    "party",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="contracts", to="parties.party"),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("party", "reference", "valid_from"), name="parties_contracts_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Exemption",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateTimeField(null=True)),
                ("valid_to", models.DateTimeField(null=True)),
                ("clause", models.CharField(max_length=64)),
                ("text", models.TextField()),
                ("granted", models.DateTimeField()),
                ("granted_by", models.CharField(max_length=64)),
                (
                    "party",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="exemptions", to="parties.party"),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("party", "clause", "valid_from"), name="parties_exemptions_once")],
            },
        ),
        migrations.CreateModel(
            name="RightToUse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateTimeField(null=True)),
                ("valid_to", models.DateTimeField(null=True)),
                ("prefix", models.CharField(max_length=16)),
                ("digits", models.PositiveSmallIntegerField()),
                (
                    "verified",
                    models.CharField(
                        choices=[("letter of the holder", "Letter"), ("verification call", "Call"), ("registry", "Registry")],
                        max_length=24,
                    ),
                ),
                ("evidence", models.CharField(max_length=256)),
                ("granted_by", models.CharField(max_length=64)),
                (
                    "account",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="rights", to="parties.account"),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("account", "prefix", "digits", "valid_from"), name="parties_rights_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Transfer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("requested", "Requested"),
                            ("consented", "Consented"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                            ("done", "Done"),
                        ],
                        default="requested",
                        max_length=16,
                    ),
                ),
                ("reason", models.TextField()),
                ("requested", models.DateTimeField()),
                ("requested_by", models.CharField(max_length=64)),
                ("answered", models.DateTimeField(null=True)),
                ("answered_by", models.CharField(blank=True, max_length=64)),
                ("answer", models.TextField(blank=True)),
                ("effective", models.DateTimeField(null=True)),
                ("consent", models.BinaryField(null=True)),
                ("signature", models.BinaryField(null=True)),
                (
                    "account",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="transfers", to="parties.account"),
                ),
                ("holder", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="parties.party")),
                ("taker", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="parties.party")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ("requested", "consented"))),
                        fields=("account",),
                        name="parties_transfer_open",
                    )
                ],
            },
        ),
    ]
