// Where each setting in effect comes from (`cortex --json --print-config`).
#pragma once

#include "app/layout.h"
#include "base/fs/fs.h"
#include "base/result.h"
#include "json/value.h"

namespace cortex::app {

// The members of config_report(), then `llm` (backend, endpoint, model, max_sensitivity,
// max_tokens, timeout_ms; no key) and `sources`: the name of the variable, "config.toml" or
// "default" for each value. Errors: as config_report(), and those of llm_settings().
Result<json::Value> extended_config_report(const Environment& environment, fs::FileSystem& fs);

}  // namespace cortex::app
