-- The groups that the login roles of the processes are put into. They belong to the whole server, so another
-- installation, or another run of this at the same time, may have made them.
do $$
declare
    name text;
begin
    foreach name in array array['sofie_web', 'sofie_worker', 'sofie_scheduler'] loop
        begin
            if not exists (select from pg_roles where rolname = name) then
                execute format('create role %I nologin', name);
            end if;
        exception when duplicate_object or unique_violation then
            null;
        end;
    end loop;
end
$$;
