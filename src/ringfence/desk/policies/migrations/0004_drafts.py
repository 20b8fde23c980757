"""Drafts of the policy."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("policies", "0003_rulings"),
    ]

    operations = [
        migrations.CreateModel(
            name="Draft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=128)),
                ("made", models.DateTimeField()),
                ("made_by", models.CharField(max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("posted", "Posted"), ("discarded", "Discarded")], default="open", max_length=16
                    ),
                ),
                ("hash", models.CharField(blank=True, max_length=64)),
                ("problems", models.PositiveIntegerField(default=0)),
                ("files", models.BinaryField()),
                ("settled", models.DateTimeField(null=True)),
                ("settled_by", models.CharField(blank=True, max_length=64)),
                (
                    "version",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="drafts", to="policies.policyversion"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["state", "-made"], name="policies_draft_state")],
            },
        ),
    ]
