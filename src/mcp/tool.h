// A tool as a row: what it is called, what it takes and gives, what it may do, and the function
// that asks the use case. tools/list, the checks of tests/ and docs/mcp.md are made from the rows.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "app/agent_settings.h"
#include "app/layout.h"
#include "app/memory_work.h"
#include "app/services.h"
#include "base/progress.h"
#include "base/result.h"
#include "json/value.h"
#include "mcp/arguments.h"
#include "mcp/confirmation.h"
#include "mcp/schema.h"

namespace cortex::mcp {

// session: reads. supervised: is logged. confirmed: needs the confirmation token.
enum class Tier { kSession, kSupervised, kConfirmed };

// How calls share the workers (scheduler.h). Reads run side by side; a write runs alone among
// reads and writes, in the order of arrival; slow ones run beside everything and may answer late.
enum class Lane { kRead, kWrite, kSlow };

// Who calls, as the client itself says: for the record, never for a decision.
struct Client {
  std::string name{};
  std::string version{};
};

// What all calls of a server share, and lives as long as it; or the same with services that end
// when one request is called off.
struct Host {
  app::Services& services;
  const app::Environment& environment;
  const app::Layout& layout;
  const app::AgentSettings& settings;
  Confirmation& confirmation;
  bool fixtures = false;  // with what the conformance suite wants; test builds only
};

struct Call {
  const Host& host;
  const Client& client;
  const Arguments& arguments;
  Progress* progress = nullptr;

  app::Services& services() const { return host.services; }
  const app::Layout& layout() const { return host.layout; }
  // On whose behalf an operation is recorded: an agent's, by the name that its client gives.
  store::Caller caller(std::string reason) const;
  app::Author author() const;
  // The memory of a call that needs the token: is it named, is the token right, is it an id.
  Result<std::string> confirmed_memory() const;
};

struct Tool {
  std::string_view name;
  std::string_view title;
  std::string_view about;  // says what it does, for a model that has to choose
  Tier tier = Tier::kSession;
  Lane lane = Lane::kRead;
  bool destructive = false;  // may take away what was there
  bool idempotent = false;   // of a write: again is the same as once
  bool open_world = false;   // speaks to other machines
  std::span<const Field> takes = {};
  std::span<const Field> gives = {};
  // The array of the result that is cut when the reply would be too long, or "".
  std::string_view list = {};
  Result<json::Object> (*run)(const Call& call) = nullptr;

  bool read_only() const { return lane != Lane::kWrite && !writes_aside; }
  bool writes_aside = false;  // changes something although it is not in the write lane
  // Of fixtures: run() gives the whole result, and the schema of the arguments as JSON.
  bool raw = false;
  std::string_view input_schema = {};
  std::string_view client_needs = {};  // a capability that the client must declare, or ""
};

// All tools, sorted by name. `fixtures`: with those of the conformance suite.
std::span<const Tool* const> all_tools(bool fixtures = false);
const Tool* find_tool(std::string_view name, bool fixtures = false);  // nullptr: there is none

// An entry of tools/list.
json::Object describe(const Tool& tool);

// The members of a report's JSON.
json::Object members_of(json::Value report);

// The row sets, one file each.
std::span<const Tool> look_tools();       // tools_look.cc: the state of store, ledger and server
std::span<const Tool> session_tools();    // tools_session.cc: events, memories, commits
std::span<const Tool> recall_tools();     // tools_recall.cc: what was said or learned
std::span<const Tool> keep_tools();       // tools_keep.cc: backups
std::span<const Tool> memory_tools();     // tools_memory.cc: notes, outcomes, domains
std::span<const Tool> lifecycle_tools();  // tools_lifecycle.cc: accept, reject, supersede, axioms
std::span<const Tool> decay_tools();      // tools_decay.cc: forgetting, principles
std::span<const Tool> model_tools();      // tools_model.cc: language models
std::span<const Tool> find_tools();       // tools_find.cc: search, suggestions, context
std::span<const Tool> reason_tools();     // tools_reason.cc: why something is believed

}  // namespace cortex::mcp
