"""What never reaches a page: bodies larger than any form."""

import pytest
from django.test import Client
from tests.unit.desk.scene import ADMIN, NOON

from ringfence.desk.access import services as access
from ringfence.desk.access.models import Person
from ringfence.desk.actor import StaffRole
from ringfence.desk.site.middleware import LARGEST_FORM

pytestmark = pytest.mark.django_db

UPLOAD = (
    b'--x\r\nContent-Disposition: form-data; name="accounts.csv"; filename="a"\r\n\r\naccount\n'
    + b"shop\n" * (LARGEST_FORM // 5)
    + b"\r\n--x--\r\n"
)
FORM = "multipart/form-data; boundary=x"


@pytest.mark.parametrize("address", ["/sign-in/", "/parties/import/"])
def test_a_strangers_upload_is_refused_unread(address: str) -> None:
    assert Client(enforce_csrf_checks=True).post(address, UPLOAD, content_type=FORM).status_code == 413


@pytest.mark.parametrize("length", ["x", "-1", "9" * 5000])
def test_a_length_that_is_none_is_refused(length: str) -> None:
    assert Client().post("/sign-in/", b"", content_type=FORM, CONTENT_LENGTH=length).status_code == 413


def test_an_admins_import_may_be_large_and_another_form_not() -> None:
    access.create_login(username="ada", password="correct horse battery", roles=(StaffRole.ADMIN,), actor=ADMIN, now=NOON)
    client = Client()
    client.force_login(Person.objects.get())
    assert client.post("/parties/import/", UPLOAD, content_type=FORM).status_code == 200
    assert client.post("/me/", UPLOAD, content_type=FORM).status_code == 413
