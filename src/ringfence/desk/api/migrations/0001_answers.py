"""Answers to requests that may come again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Answer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=64)),
                ("token", models.CharField(max_length=255)),
                ("request", models.CharField(max_length=64)),
                ("body", models.BinaryField()),
                ("given", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["given"], name="api_answer_given")],
                "constraints": [models.UniqueConstraint(fields=("key", "token"), name="api_answer_once")],
            },
        ),
    ]
