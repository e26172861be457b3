-- The newest migration of this database, for a server's role that may not read Alembic's table.
CREATE OR REPLACE FUNCTION registry.revision() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT version_num FROM public.migration
$$;
