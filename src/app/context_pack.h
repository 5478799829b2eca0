// `context build`: a pack of the memories that matter for a task.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/eligibility.h"
#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "context/pack.h"
#include "json/value.h"
#include "memory/write_gate.h"
#include "store/operation.h"

namespace cortex::app {

struct ContextRequest {
  std::string task;
  std::uint64_t max_tokens = 4096;
  std::vector<std::string> tags{};                            // all of them must be there
  std::vector<std::string> any_tag{};                         // at least one of them must be there
  bool by_age = false;                                        // newest first instead of by the task
  bool axiom_constraints = false, boundary_envelope = false;  // instead of the pack
  bool fuzzy = false, include_doctrine = false;
  bool explain = false;
  bool strict = false;          // refuse everything where one memory may not be used
  bool strict_budget = false;   // refuse when not everything fits
  bool persist = true;          // keep a record that outcomes can refer to
  memory::GatePolicy policy{};  // of the task in that record
  // What was believed then, as typed; such a pack is not kept. Not with `fuzzy` and `strict`.
  std::optional<std::string> as_of{};
  bool compatible = false;  // order, labels and counting of reference 0.1.2; nothing is kept
  context::Estimator estimator = context::Estimator::kBytes4;
  bool by_span = false;  // summaries part by part, each with the events it comes from
  // For an operator, whose key (a seed file) it needs; always kept. With the payloads of the events
  // behind its memories, or without.
  bool for_operator = false, raw_payloads = false;
  std::optional<std::string> attestation_path{};
};

struct ContextReport {
  std::string context_pack_id;
  json::Value pack;  // members sorted
  std::vector<context::Ref> refs;
  std::vector<context::Doctrine> doctrine;
  std::vector<context::Exclusion> excluded;
  std::uint64_t estimated_tokens = 0;
  bool persisted = false;
  std::vector<LeftOut> left_out;
  std::size_t withheld = 0;  // memories that their sensitivity keeps out of external packs
  std::string note;          // why it was not kept, or empty
};

// Memories that match the task come first, by the score of `memory search`, then the newest of the
// others; they are judged in that order and taken while the budget lasts. Errors: kUsage (blank
// task, no budget), kPrecondition (strict, or a task that is larger than the budget), those of
// opening the store. Cost: the search, and the memories up to where nothing fits any more; a
// constant number of queries for every 256 of them. O(active memories) with `compatible` or
// `strict`. For an operator's pack also those of operator_pack.h, and of writing to the ledger.
Result<ContextReport> build_context(Services& services, const Layout& layout,
                                    const store::Caller& caller, const ContextRequest& request);

// Applies the operation "context.build": the row of context_packs.
Status apply_context_build(sqlite::Connection& db, const store::OperationRow& row);

}  // namespace cortex::app
