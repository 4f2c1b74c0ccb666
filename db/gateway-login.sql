-- Gives the gateway's login its password where one is needed; everything else about the role is made by migrating.
-- Run by psql as a superuser, once: docker-compose.yml hands it to the Postgres image, which does so at the first start.
\getenv password GATEWAY_PASSWORD
create role sluice_gateway login noinherit password :'password';
