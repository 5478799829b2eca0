// Tools that say why something is believed: the story of a memory, its proof, what contradicts it.
#include <utility>

#include "app/memory_contradictions.h"
#include "app/memory_story.h"
#include "app/proof.h"
#include "mcp/fields.h"
#include "mcp/tool.h"

namespace cortex::mcp {
namespace {

// ---- cortex_memory_why, cortex_memory_history

constexpr Field kStoryTakes[] = {
    kMemoryId,
    {.name = "as_of", .about = "what was known at this time", .nullable = true},
};
constexpr Field kWhyGives[] = {
    {.name = "memory_id", .required = true},
    {.name = "claim", .required = true},
    {.name = "reasons",
     .type = Type::kObjects,
     .about = "what speaks for using it, and what against",
     .required = true},
};
constexpr Field kHistoryGives[] = {
    {.name = "memory_id", .required = true},
    {.name = "claim", .required = true},
    {.name = "status", .required = true},
    {.name = "versions", .type = Type::kObjects, .about = "oldest first", .required = true},
};

Result<app::MemoryStory> story_of(const Call& call) {
  CORTEX_ASSIGN(const std::string id, call.arguments.memory_id("memory_id"));
  CORTEX_ASSIGN(const auto as_of, call.arguments.optional_trimmed("as_of"));
  return app::memory_story(call.services(), call.layout(), id, as_of, store::ProofDepth::kHashes);
}

Result<json::Object> run_why(const Call& call) {
  CORTEX_ASSIGN(const app::MemoryStory story, story_of(call));
  return members_of(why_json(story));
}

Result<json::Object> run_history(const Call& call) {
  CORTEX_ASSIGN(const app::MemoryStory story, story_of(call));
  return members_of(history_json(story));
}

// ---- cortex_memory_contradictions

constexpr Field kReasonListTakes[] = {
    {.name = "memory_id", .about = "of this memory only", .nullable = true},
    {.name = "all",
     .type = Type::kSwitch,
     .about = "with those that are resolved",
     .more = "\"default\":false"},
};
constexpr Field kReasonListGives[] = {
    {.name = "contradictions", .type = Type::kObjects, .required = true},
};

Result<json::Object> run_contradictions(const Call& call) {
  CORTEX_ASSIGN(const auto memory, call.arguments.optional_trimmed("memory_id"));
  CORTEX_ASSIGN(const app::ContradictionListing listing,
                app::list_contradictions(call.services(), call.layout(),
                                         !call.arguments.flag("all"), memory));
  return members_of(to_json(listing));
}

// ---- cortex_proof

constexpr Field kProofTakes[] = {kMemoryId};
constexpr Field kProofGives[] = {
    {.name = "memory_id", .required = true},
};

Result<json::Object> run_proof(const Call& call) {
  CORTEX_ASSIGN(const std::string id, call.arguments.memory_id("memory_id"));
  CORTEX_ASSIGN(const app::ProofReport report,
                app::prove_memory(call.services(), call.layout(), id, app::ProofReach::kHashes));
  return members_of(to_json(report));
}

constexpr Tool kReasonTools[] = {
    {.name = "cortex_memory_why",
     .title = "Why a memory",
     .about = "Says where a memory comes from and what speaks for and against using it.",
     .takes = kStoryTakes,
     .gives = kWhyGives,
     .run = run_why},
    {.name = "cortex_memory_history",
     .title = "History of a memory",
     .about = "Every change of a memory: when, by whom, why.",
     .takes = kStoryTakes,
     .gives = kHistoryGives,
     .list = "versions",
     .run = run_history},
    {.name = "cortex_memory_contradictions",
     .title = "Contradictions",
     .about = "Pairs of memories that cannot both be true.",
     .takes = kReasonListTakes,
     .gives = kReasonListGives,
     .list = "contradictions",
     .run = run_contradictions},
    {.name = "cortex_proof",
     .title = "Proof of a memory",
     .about = "Recomputes what stands behind a memory, from its lineage to the hashes of its "
              "events.",
     .takes = kProofTakes,
     .gives = kProofGives,
     .run = run_proof},
};

}  // namespace

std::span<const Tool> reason_tools() { return kReasonTools; }

}  // namespace cortex::mcp
