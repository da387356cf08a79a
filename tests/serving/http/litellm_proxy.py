"""What LiteLLM's proxy does with a chat request before it goes to a model, by the real `litellm` package.

    python litellm_proxy.py < CASES

What it sent on the day that this was written is in recorded/litellm.json. Run in a process of its own: importing the package takes seconds and changes how much is said. CASES is JSON: `config` (the
YAML of docs/server.md), and `cases` with `name`, `url` of the guardrail and `content` of the message. It prints for each what
LiteLLM sent to the guardrail and whether it let the request pass.
"""

from __future__ import annotations

import asyncio
import json
import sys

import yaml


async def hooked(config, case):
    from litellm.caching import DualCache
    from litellm.proxy._types import UserAPIKeyAuth
    from litellm.proxy.guardrails.guardrail_hooks.generic_guardrail_api import initialize_guardrail
    from litellm.proxy.guardrails.guardrail_hooks.unified_guardrail.unified_guardrail import UnifiedLLMGuardrails
    from litellm.types.guardrails import LitellmParams

    (said,) = yaml.safe_load(config)["guardrails"]
    params = {**said["litellm_params"], "api_base": case["url"], "api_key": "secret"}
    guardrail = initialize_guardrail(LitellmParams(**params), said)
    sent, post = [], guardrail.async_handler.post

    async def kept(**given):
        sent.append(
            {"path": given["url"].removeprefix(case["url"]), "headers": given["headers"], "body": given["json"]}
        )
        return await post(**given)

    guardrail.async_handler.post = kept
    data = {
        "model": "gpt-4o",
        "messages": [{"role": "user", "content": case["content"]}],
        "guardrail_to_apply": guardrail,
    }
    found = {"name": case["name"], "sent": sent, "passes": True, "why": None}
    try:
        await UnifiedLLMGuardrails().async_pre_call_hook(UserAPIKeyAuth(), DualCache(), data, "completion")
    except Exception as error:
        found |= {"passes": False, "why": str(error)}
    finally:
        guardrail.async_handler.post = post
    return found


async def main():
    asked = json.load(sys.stdin)
    print(json.dumps([await hooked(asked["config"], case) for case in asked["cases"]]))


if __name__ == "__main__":
    asyncio.run(main())
