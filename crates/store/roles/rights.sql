grant all on all tables in schema public to sofie_web, sofie_worker, sofie_scheduler;
