"""Addresses of getting back in, for everybody, and of the desk's work with it."""

from django.urls import URLPattern, path

from ringfence.desk.recovery import public, views

app_name = "recovery"

urlpatterns: list[URLPattern] = [
    path("recover/", public.ways, name="ways"),
    path("recover/username/", public.username, name="username"),
    path("recover/thanks/", public.thanks, name="thanks"),
    path("recover/compromised/", public.compromised, name="compromised"),
    path("recover/compromised/sent/", public.link_sent, name="link-sent"),
    path("recover/locked/", public.locked, name="locked"),
    path("recover/compromised/<str:token>/", public.lock, name="lock"),
    path("me/compromised/", public.own, name="own"),
    path("recovery/", views.requests, name="requests"),
    path("recovery/<int:number>/", views.request_page, name="request"),
    path("recovery/<int:number>/do/", views.do, name="do"),
]
