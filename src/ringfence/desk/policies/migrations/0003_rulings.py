"""Rulings of courts, laid over versions."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("policies", "0002_acceptance"),
    ]

    operations = [
        migrations.CreateModel(
            name="Ruling",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("strike", "The clause is struck"), ("reinstate", "The clause is reinstated")], max_length=16
                    ),
                ),
                ("clause", models.CharField(max_length=64)),
                ("court", models.CharField(max_length=200)),
                ("reference", models.CharField(max_length=128)),
                ("decided", models.DateField()),
                ("extent", models.TextField(blank=True)),
                ("jurisdictions", models.JSONField(default=list)),
                ("parties", models.JSONField(default=list)),
                ("valid_from", models.DateTimeField()),
                ("valid_to", models.DateTimeField(null=True)),
                ("recorded", models.DateTimeField()),
                ("recorded_by", models.CharField(max_length=64)),
                (
                    "lifts",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="reinstated_by", to="policies.ruling"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["clause", "valid_from"], name="policies_ruling_clause")],
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "clause", "court", "reference"), name="policies_ruling_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "strike"), ("lifts__isnull", True)),
                            models.Q(("kind", "reinstate"), ("lifts__isnull", False)),
                            _connector="OR",
                        ),
                        name="policies_ruling_lifts",
                    ),
                ],
            },
        ),
    ]
