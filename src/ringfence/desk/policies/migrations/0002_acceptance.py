"""Acceptance of posted versions."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("parties", "0004_records"),
        ("policies", "0001_versions"),
    ]

    operations = [
        migrations.CreateModel(
            name="Acceptance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "how",
                    models.CharField(
                        choices=[
                            ("signature", "Signature"),
                            ("click", "Click"),
                            ("api", "Api"),
                            ("attestation", "Attestation"),
                            ("use", "Use"),
                        ],
                        max_length=16,
                    ),
                ),
                ("account", models.CharField(blank=True, max_length=128)),
                ("at", models.DateTimeField()),
                ("recorded", models.DateTimeField()),
                ("by", models.CharField(max_length=128)),
                ("proof", models.CharField(blank=True, max_length=256)),
                ("document", models.BinaryField(null=True)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("party", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="parties.party")),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="acceptances", to="policies.policyversion"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["party", "version"], name="policies_acceptance_party")],
                "constraints": [
                    models.UniqueConstraint(fields=("version", "party", "how", "account"), name="policies_acceptance_once")
                ],
            },
        ),
    ]
