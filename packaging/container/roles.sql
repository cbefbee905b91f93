-- Read once by the image of PostgreSQL, when its volume is empty: the roles that the processes log in as, and their
-- groups, whose rights `sofie migrate --roles` gives (docs/manual/deploy.md).
\set owner_password `cat /run/secrets/db-owner`
\set web_password `cat /run/secrets/db-web`
\set worker_password `cat /run/secrets/db-worker`
\set scheduler_password `cat /run/secrets/db-scheduler`
create role sofie_owner login password :'owner_password';
create role sofie_web nologin;
create role sofie_worker nologin;
create role sofie_scheduler nologin;
create role files_web login password :'web_password' in role sofie_web;
create role files_worker login password :'worker_password' in role sofie_worker;
create role files_scheduler login password :'scheduler_password' in role sofie_scheduler;
create database sofie owner sofie_owner;
