"""The only home of sqlmodel, sqlalchemy, psycopg2 and alembic.

Nothing here reads settings or the environment: it is handed a URL or a folder.
"""
