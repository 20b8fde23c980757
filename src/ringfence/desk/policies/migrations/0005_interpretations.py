"""The register of interpretations."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("policies", "0004_drafts"),
    ]

    operations = [
        migrations.CreateModel(
            name="Interpretation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("clause", models.CharField(max_length=64)),
                ("question", models.CharField(max_length=500)),
                ("answer", models.TextField()),
                ("made", models.DateTimeField()),
                ("made_by", models.CharField(max_length=64)),
                ("withdrawn", models.DateTimeField(null=True)),
                ("withdrawn_by", models.CharField(blank=True, max_length=64)),
                (
                    "replaces",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replaced_by",
                        to="policies.interpretation",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["clause", "-made"], name="policies_interpretation_of")],
            },
        ),
    ]
