"""Small specs of every kind, all of one vendor's `GET /users/{id}`."""

from __future__ import annotations

import json
from typing import Any

USER: dict[str, Any] = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "integer"}, "name": {"type": "string", "nullable": True}},
}


def an_openapi(user: Any = None, server: str = "https://acme.example/api/v1", **operation: Any) -> dict[str, Any]:
    """An OpenAPI 3.0 document with one operation that answers with a user; other keys of the operation as given."""
    answer = {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/User"}}}}
    get = {"operationId": "getUser", "responses": {"200": answer}, **operation}
    return {
        "openapi": "3.0.3",
        "servers": [{"url": server}],
        "paths": {"/users/{id}": {"get": get}},
        "components": {"schemas": {"User": USER if user is None else user}},
    }


def a_swagger(user: Any = None) -> dict[str, Any]:
    """The same in Swagger 2."""
    get = {"operationId": "getUser", "responses": {"200": {"schema": {"$ref": "#/definitions/User"}}}}
    definitions = {"User": USER if user is None else user}
    return {"swagger": "2.0", "basePath": "/api/v1", "paths": {"/users/{id}": {"get": get}}, "definitions": definitions}


def a_discovery_document(user: Any = None) -> dict[str, Any]:
    """The same as Google describes services; parameters of a path are spelled `{+name}`."""
    get = {
        "id": "acme.users.get",
        "httpMethod": "GET",
        "path": "v1/{+name}",
        "flatPath": "v1/users/{usersId}",
        "parameters": {"name": {"location": "path", "required": True}, "view": {"location": "query"}},
        "response": {"$ref": "User"},
    }
    return {
        "kind": "discovery#restDescription",
        "discoveryVersion": "v1",
        "servicePath": "api/",
        "parameters": {"fields": {"location": "query"}},
        "resources": {"users": {"methods": {"get": get}}},
        "schemas": {"User": USER if user is None else user},
    }


def a_tools_list(schema: Any = None, name: str = "get_user") -> dict[str, Any]:
    """The result of `tools/list` with one tool."""
    accepts = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
    return {"tools": [{"name": name, "inputSchema": schema or accepts, "outputSchema": USER}]}


def an_openrpc(schema: Any = None) -> dict[str, Any]:
    """The same tool as a method of an OpenRPC document."""
    params = [{"name": "id", "required": True, "schema": schema or {"type": "integer"}}]
    method = {
        "name": "get_user",
        "params": params,
        "result": {"name": "user", "schema": {"$ref": "#/components/schemas/User"}},
    }
    return {"openrpc": "1.3.2", "components": {"schemas": {"User": USER}}, "methods": [method]}


def a_node(*fields: tuple[str, str], apis: Any = None) -> dict[str, Any]:
    """A description of a kind of node, as Meta publishes them; without `apis` it can only be asked for by its id."""
    get = {"name": "#get", "method": "GET", "return": "Object", "params": []}
    return {"apis": apis or [get], "fields": [{"name": name, "type": kind} for name, kind in fields]}


def as_file(value: Any, name: str = "spec.json") -> tuple[str, bytes]:
    """A spec as `read_spec` takes it."""
    return name, (value if isinstance(value, str) else json.dumps(value)).encode()
