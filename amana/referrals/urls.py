"""Addresses of referrals: codes only."""

from django.urls import path

from amana.referrals import papers, views

app_name = "referrals"
urlpatterns = [
    path("cases/<str:code>/refer", views.prepare, name="prepare"),
    path("cases/<str:code>/statement", papers.statement_, name="statement"),
    path("referrals/", views.referral_list, name="list"),
    path("mail/", views.mail, name="mail"),
    path("referrals/<str:code>/", views.referral, name="referral"),
    path("referrals/<str:code>/identity", views.identity, name="identity"),
    path("referrals/<str:code>/recall", views.recall, name="recall"),
    path("referrals/<str:code>/recall/keep", views.keep, name="keep"),
    path("referrals/<str:code>/recall/part", views.erase_part, name="erase-part"),
    path("referrals/<str:code>/recall/answer", views.answer_recall, name="answer-recall"),
    path("erasures/<str:code>/certificate", views.certificate, name="certificate"),
    path("referrals/<str:code>/evidence", views.evidence_, name="evidence"),
    path("referrals/<str:code>/evidence/file", views.evidence_file, name="evidence-file"),
    path("referrals/<str:code>/release", views.release, name="release"),
    path("referrals/<str:code>/return", views.return_, name="return"),
    path("referrals/<str:code>/dossier", views.dossier_, name="dossier"),
    path("referrals/<str:code>/acknowledge", views.acknowledge, name="acknowledge"),
    path("referrals/<str:code>/ask", views.ask, name="ask"),
    path("referrals/<str:code>/reply", views.reply, name="reply"),
    path("referrals/<str:code>/accept", views.accept, name="accept"),
    path("referrals/<str:code>/decline", views.decline, name="decline"),
]
