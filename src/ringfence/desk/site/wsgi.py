"""The desk as a WSGI application. Importing it needs a data folder."""

from django.core.wsgi import get_wsgi_application

from ringfence.desk.data_folder import data_folder

application = get_wsgi_application()
data_folder()
