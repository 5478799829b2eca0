// `reflect`: what a model would have remembered of a trace. Reads only; nothing becomes a memory
// here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "json/value.h"
#include "llm/message.h"
#include "llm/model.h"
#include "reflect/reflection.h"
#include "reflect/trace.h"

namespace cortex::app {

enum class ReflectBy : std::uint8_t {
  kReplay,  // recorded answers; no store is needed
  kLive,    // the configured model, with the events of the trace
  kNone,    // no model: the extractor of reflect/extract.h
};
std::optional<ReflectBy> parse_reflect_by(std::string_view token);  // "replay", "live", "none"

struct ReflectRequest {
  std::string trace_id;
  ReflectBy by = ReflectBy::kReplay;
  std::optional<std::string> fixtures_dir{};
  bool record = false;  // kLive: keep the answer as fixtures of `reflect` and `session close`
};

struct ReflectReport {
  json::Value document;               // what is printed: payload or diagnostic, policy_outcome, ...
  std::vector<std::string> warnings;  // for stderr
};

// Errors: kUsage (no trace id), kQuarantined ("admission rejected: ..."), those of opening
// fixtures, store and model, and of the model's answer.
Result<ReflectReport> reflect(Services& services, const Environment& environment,
                              const ReflectRequest& request);

// What a model made of a trace: `read` is what its answer says, or why it cannot be read.
struct LiveAnswer {
  llm::Response response;
  Result<reflect::SessionReflection> read;
};
// Asks once more when the first answer cannot be read. Errors: those of the model.
Result<LiveAnswer> ask_live(llm::Model& model, const llm::Request& request,
                            std::string_view trace_id,
                            const std::vector<reflect::TraceEvent>& events);

// Writes the answer into the folder as what `reflect` and `session close` will be answered for this
// trace, and the index anew. Creates the folder. Error: kPrecondition when an answer for the trace
// is recorded there already, those of the file system.
Status record_fixtures(Services& services, const std::string& folder, std::string_view trace_id,
                       const llm::Response& response);

struct SignedFixtures {
  std::string index_path;
  std::vector<std::string> names;
};
// `fixtures sign`: writes INDEX.toml over every `*.json` at the top of the folder but schema.json.
Result<SignedFixtures> sign_fixtures(Services& services, const std::string& folder);

}  // namespace cortex::app
