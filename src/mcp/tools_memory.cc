// Tools that write memories and say how they did.
#include <utility>

#include "app/memory_contradictions.h"
#include "app/memory_note.h"
#include "app/memory_use.h"
#include "base/text.h"
#include "mcp/fields.h"
#include "mcp/tool.h"

namespace cortex::mcp {
namespace {

// ---- cortex_memory_note

constexpr Field kNoteTakes[] = {
    {.name = "claim",
     .about = "one statement, understandable by itself",
     .required = true,
     .more = "\"minLength\":1"},
    {.name = "domains",
     .type = Type::kArray,
     .about = "topics to find it by",
     .nullable = true,
     .more = "\"default\":[\"operator_note\"]"},
    {.name = "confidence",
     .type = Type::kNumber,
     .about = "how sure it is",
     .nullable = true,
     .more = "\"minimum\":0,\"maximum\":1,\"default\":0.9"},
    {.name = "valid_from", .about = "holds from this time on", .nullable = true},
    {.name = "valid_until", .about = "holds until this time", .nullable = true},
};
constexpr Field kNoteGives[] = {
    {.name = "memory_id", .required = true},
    {.name = "claim", .about = "as it was kept", .required = true},
    {.name = "domains", .type = Type::kTexts, .required = true},
    {.name = "confidence", .type = Type::kNumber, .required = true},
    {.name = "status", .about = "active, or waiting for a commit", .required = true},
    {.name = "near_duplicates",
     .type = Type::kObjects,
     .about = "memories that say nearly the same"},
    {.name = "write_gate", .type = Type::kObjects, .about = "what was taken out of the text"},
    kEventField,
};

// Anything but an array counts as none, elements that are no texts are passed over: an array of
// such elements alone leaves a note without a domain.
void read_domains(const Arguments& arguments, app::NoteRequest& request) {
  const json::Value* value = arguments.find("domains");
  if (value == nullptr || value->as_array() == nullptr) return;
  for (const json::Value& element : *value->as_array()) {
    if (element.as_string() != nullptr) request.domains.push_back(*element.as_string());
  }
  request.untagged = request.domains.empty() && !value->as_array()->empty();
}

Result<app::NoteRequest> note_request(const Call& call) {
  app::NoteRequest request;
  CORTEX_ASSIGN(request.claim, call.arguments.text("claim"));
  read_domains(call.arguments, request);
  CORTEX_ASSIGN(const auto confidence, call.arguments.number("confidence"));
  if (confidence && !(*confidence >= 0.0 && *confidence <= 1.0)) {
    return bad_argument("confidence must be in [0.0, 1.0]");
  }
  request.confidence = confidence.value_or(request.confidence);
  CORTEX_ASSIGN(request.valid_from, call.arguments.optional_trimmed("valid_from"));
  CORTEX_ASSIGN(request.valid_until, call.arguments.optional_trimmed("valid_until"));
  return request;
}

Result<json::Object> run_note(const Call& call) {
  CORTEX_ASSIGN(app::NoteRequest request, note_request(call));
  request.pending = call.host.settings.notes_wait;
  CORTEX_ASSIGN(const app::NoteReport report,
                app::note(call.services(), call.layout(), call.author(), std::move(request)));
  return members_of(to_json(report));
}

// ---- cortex_memory_correct

constexpr Field kCorrectTakes[] = {
    kMemoryId,
    kTokenField,
    {.name = "claim", .about = "what is right", .required = true, .more = "\"minLength\":1"},
    {.name = "domains", .type = Type::kArray, .about = "default: as before", .nullable = true},
    kNoteTakes[2],
    kReasonField,
};

Result<json::Object> run_correct(const Call& call) {
  CORTEX_ASSIGN(const std::string id, call.confirmed_memory());
  CORTEX_ASSIGN(app::NoteRequest request, note_request(call));
  CORTEX_ASSIGN(const auto reason, call.arguments.optional_trimmed("reason"));
  request.reason = reason.value_or("");
  CORTEX_ASSIGN(const app::NoteReport report, app::correct(call.services(), call.layout(),
                                                           call.author(), id, std::move(request)));
  return members_of(to_json(report));
}

// ---- cortex_memory_outcome

constexpr std::string_view kOutcomeResults[] = {"helpful", "not-helpful"};
constexpr Field kOutcomeTakes[] = {
    kMemoryId,
    {.name = "session_id",
     .about = "the session in which it was used",
     .required = true,
     .more = "\"minLength\":1"},
    {.name = "result", .about = "whether it helped", .required = true, .choices = kOutcomeResults},
    {.name = "note", .about = "what went well or wrong", .nullable = true},
};
constexpr Field kOutcomeGives[] = {
    {.name = "recorded", .type = Type::kSwitch, .required = true},
    {.name = "use_count", .type = Type::kWhole, .about = "uses of the memory in this session"},
    kEventField,
};

Result<json::Object> run_outcome(const Call& call) {
  app::OutcomeRequest request;
  CORTEX_ASSIGN(request.memory_id, call.arguments.text("memory_id"));
  CORTEX_ASSIGN(request.session, call.arguments.filled_text("session_id"));
  CORTEX_ASSIGN(request.result, call.arguments.text("result"));
  request.note = call.arguments.loose_text("note");
  CORTEX_TRY(call.arguments.memory_id("memory_id"));
  if (request.result != kOutcomeResults[0] && request.result != kOutcomeResults[1]) {
    return bad_argument(cat("result must be helpful or not-helpful, not ", quoted(request.result)));
  }
  request.note_in_ref = true;
  CORTEX_ASSIGN(
      const app::OutcomeReport report,
      app::record_outcome(call.services(), call.layout(), call.author(), std::move(request)));
  return json::Object{
      {"event_id", report.event_id}, {"recorded", true}, {"use_count", report.use_count}};
}

// ---- cortex_memory_tag_add, cortex_memory_tag_remove

constexpr Field kTagTakes[] = {
    kMemoryId,
    {.name = "tag", .about = "the domain", .required = true, .more = "\"minLength\":1"},
};
constexpr Field kTagAdded[] = {
    {.name = "added", .type = Type::kSwitch, .about = "false: it was there", .required = true},
    {.name = "memory_id", .required = true},
    {.name = "tag", .required = true},
};
constexpr Field kTagRemoved[] = {
    {.name = "removed",
     .type = Type::kSwitch,
     .about = "false: it was not there",
     .required = true},
    {.name = "memory_id", .required = true},
    {.name = "tag", .required = true},
};

Result<json::Object> change_tag(const Call& call, bool add) {
  CORTEX_ASSIGN(const std::string id, call.arguments.memory_id("memory_id"));
  CORTEX_ASSIGN(const std::string tag, call.arguments.filled_text("tag"));
  CORTEX_ASSIGN(const app::TagReport report,
                app::change_tag(call.services(), call.layout(), call.author(), add, id, tag));
  return members_of(to_json(report));
}
Result<json::Object> run_tag_add(const Call& call) { return change_tag(call, true); }
Result<json::Object> run_tag_remove(const Call& call) { return change_tag(call, false); }

// ---- cortex_contradiction_add

constexpr Field kContradictTakes[] = {
    {.name = "left", .about = "a memory: mem_...", .required = true},
    {.name = "right", .about = "the one that speaks against it: mem_...", .required = true},
    {.name = "type",
     .about = "in what way",
     .nullable = true,
     .more = "\"default\":\"hard_inconsistency\""},
    kReasonField,
};
constexpr Field kContradictGives[] = {
    {.name = "contradiction_id", .required = true},
    {.name = "status", .required = true},
    kEventField,
};

Result<json::Object> run_contradict(const Call& call) {
  CORTEX_ASSIGN(const std::string left, call.arguments.memory_id("left"));
  CORTEX_ASSIGN(const std::string right, call.arguments.memory_id("right"));
  CORTEX_ASSIGN(const auto type, call.arguments.optional_trimmed("type"));
  CORTEX_ASSIGN(const auto reason, call.arguments.optional_trimmed("reason"));
  CORTEX_ASSIGN(const app::ContradictionReport report,
                app::add_contradiction(call.services(), call.layout(), call.author(), left, right,
                                       type.value_or("hard_inconsistency"), reason.value_or("")));
  return members_of(to_json(report));
}

constexpr Tool kMemoryTools[] = {
    {.name = "cortex_memory_note",
     .title = "Note",
     .about = "Keeps one statement as a memory, in the name of this client. Use it for what should "
              "be known in later sessions: decisions, preferences, facts.",
     .tier = Tier::kSupervised,
     .lane = Lane::kWrite,
     .takes = kNoteTakes,
     .gives = kNoteGives,
     .run = run_note},
    {.name = "cortex_memory_correct",
     .title = "Correct a memory",
     .about = "Replaces a memory that was wrong: the new claim holds for all the time that the old "
              "one did. Needs the confirmation token.",
     .tier = Tier::kConfirmed,
     .lane = Lane::kWrite,
     .destructive = true,
     .takes = kCorrectTakes,
     .gives = kNoteGives,
     .run = run_correct},
    {.name = "cortex_memory_outcome",
     .title = "Record an outcome",
     .about = "Records whether an active memory helped in a session.",
     .tier = Tier::kSupervised,
     .lane = Lane::kWrite,
     .takes = kOutcomeTakes,
     .gives = kOutcomeGives,
     .run = run_outcome},
    {.name = "cortex_memory_tag_add",
     .title = "Add a domain",
     .about = "Adds a domain to a memory.",
     .tier = Tier::kSupervised,
     .lane = Lane::kWrite,
     .idempotent = true,
     .takes = kTagTakes,
     .gives = kTagAdded,
     .run = run_tag_add},
    {.name = "cortex_memory_tag_remove",
     .title = "Remove a domain",
     .about = "Removes a domain from a memory.",
     .tier = Tier::kSupervised,
     .lane = Lane::kWrite,
     .idempotent = true,
     .takes = kTagTakes,
     .gives = kTagRemoved,
     .run = run_tag_remove},
    {.name = "cortex_contradiction_add",
     .title = "Report a contradiction",
     .about = "Says that two memories cannot both be true. Until a person decides, neither is used "
              "by default.",
     .tier = Tier::kSupervised,
     .lane = Lane::kWrite,
     .takes = kContradictTakes,
     .gives = kContradictGives,
     .run = run_contradict},
};

}  // namespace

std::span<const Tool> memory_tools() { return kMemoryTools; }

}  // namespace cortex::mcp
