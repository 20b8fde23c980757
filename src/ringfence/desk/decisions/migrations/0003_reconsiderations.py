"""Measures that are looked at again because a clause was struck."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("decisions", "0002_strikes_and_grave_measures"),
        ("policies", "0003_rulings"),
    ]

    operations = [
        migrations.CreateModel(
            name="Reconsideration",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("raised", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("kept", "Kept"), ("lifted", "Lifted")], default="open", max_length=8
                    ),
                ),
                ("clause", models.CharField(blank=True, max_length=64)),
                ("reasons", models.TextField(blank=True)),
                ("by", models.CharField(blank=True, max_length=64)),
                ("at", models.DateTimeField(null=True)),
                (
                    "decision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reconsiderations", to="decisions.decision"
                    ),
                ),
                ("ruling", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="policies.ruling")),
            ],
            options={
                "indexes": [models.Index(fields=["state", "raised"], name="decisions_reconsidered")],
                "constraints": [models.UniqueConstraint(fields=("decision", "ruling"), name="decisions_reconsidered_once")],
            },
        ),
    ]
