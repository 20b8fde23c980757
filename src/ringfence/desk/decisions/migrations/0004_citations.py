"""Interpretations that decisions cite."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("decisions", "0003_reconsiderations"),
        ("policies", "0005_interpretations"),
    ]

    operations = [
        migrations.CreateModel(
            name="Citation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "decision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="citations", to="decisions.decision"
                    ),
                ),
                (
                    "interpretation",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="policies.interpretation"),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("decision", "interpretation"), name="decisions_cited_once")],
            },
        ),
    ]
