#include "app/context_pack.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "app/checked_store.h"
#include "app/fuzzy_ranks.h"
#include "app/held_memories.h"
#include "app/operations.h"
#include "app/operator_pack.h"
#include "app/pack_filler.h"
#include "app/search_candidates.h"
#include "base/text.h"
#include "base/time.h"
#include "base/ulid.h"
#include "context/pack.h"
#include "core/ids.h"
#include "memory/principles.h"
#include "memory/salience.h"
#include "retrieval/score_v1.h"
#include "store/memories.h"

namespace cortex::app {
namespace {

constexpr std::size_t kFillPage = 256;
// Matches are asked for by what could fit at most, so that candidates are some hundreds by default.
constexpr std::uint64_t kTokensOfARef = 80, kMatchesMin = 25, kMatchesMax = 1000;
constexpr std::size_t kTriedInVain = 256;   // memories of which none fits, one after another
constexpr std::size_t kUnusableMax = 2048;  // the same of which none may be used
constexpr std::string_view kPackOperation = "context.build";

Error pack_refused(Code code, std::string message, std::string next) {
  return make_error(code, std::move(message), "no pack was built", std::move(next));
}

// Memories that resemble the task by the full-text index.
Result<std::set<std::string>> fuzzy_ids(sqlite::Connection& db, const std::string& task,
                                        std::uint64_t limit) {
  constexpr std::uint64_t kHitsMin = 16;
  std::set<std::string> ids;
  const std::string query = retrieval::fuzzy_query(task);
  if (query.empty()) return ids;
  CORTEX_ASSIGN(const FuzzyRanks ranks, fuzzy_ranks(db, query, std::max(limit, kHitsMin), {}));
  for (const auto& [id, rank] : ranks) ids.insert(id);
  return ids;
}

struct Candidates {
  std::vector<context::Ref> refs;  // in the order in which they are taken
  std::vector<store::UnreadableMemory> unreadable;
  bool whole = true;  // there are no others that could be taken
};

context::Ref ref_of(const store::Memory& memory) {
  return {.memory_id = memory.id,
          .claim = memory.claim,
          .authority = memory.authority,
          .tags = memory.tags(),
          .confidence = memory.confidence,
          .unvalidated_use = memory::used_unvalidated(memory)};
}

// No tags asked for: all will do.
bool has_any(const std::vector<std::string>& wanted, const std::vector<std::string>& tags) {
  return wanted.empty() || std::ranges::any_of(wanted, [&tags](const std::string& tag) {
           return std::ranges::find(tags, tag) != tags.end();
         });
}

// Every memory that held, newest first: what reference 0.1.2 takes.
Result<Candidates> all_candidates(sqlite::Connection& db, const ContextRequest& request,
                                  const PointInTime& when) {
  Candidates found;
  const auto visit = [&](const store::Memory& memory) -> Status {
    if (has_any(request.any_tag, memory.tags())) found.refs.push_back(ref_of(memory));
    return {};
  };
  CORTEX_ASSIGN(found.unreadable, each_held(db, when, {.tags = request.tags}, visit));
  if (request.fuzzy) {
    CORTEX_ASSIGN(const auto ids, fuzzy_ids(db, request.task, found.refs.size()));
    std::erase_if(found.refs,
                  [&ids](const context::Ref& ref) { return !ids.contains(ref.memory_id); });
  }
  return found;
}

// Those that match the task, best first.
Result<Candidates> matching_candidates(Services& services, sqlite::Connection& db,
                                       const ContextRequest& request, const PointInTime& when) {
  Candidates found;
  const SearchRequest search{
      .query = request.task,
      .tags = request.tags,
      .fuzzy = request.fuzzy,
      .limit = std::clamp(request.max_tokens / kTokensOfARef, kMatchesMin, kMatchesMax),
      .as_of = request.as_of};
  CORTEX_ASSIGN(SearchCandidates matching, search_candidates(services, db, search, when));
  found.unreadable = std::move(matching.unreadable);
  found.whole = request.fuzzy;
  for (SearchHit& hit : matching.hits) {
    if (!has_any(request.any_tag, hit.tags)) continue;
    const float score = score_of(hit, search, true).total;
    found.refs.push_back({.memory_id = std::move(hit.id),
                          .claim = std::move(hit.claim),
                          .authority = std::move(hit.authority),
                          .tags = std::move(hit.tags),
                          .confidence = hit.confidence,
                          .score = score,
                          .unvalidated_use = hit.unvalidated_use});
  }
  std::ranges::stable_sort(found.refs, std::ranges::greater{}, &context::Ref::score);
  return found;
}

// Doctrine that somebody has shown to be wrong stays out until the counterexample is resolved.
Status add_doctrine(sqlite::Connection& db, context::Pack& pack) {
  CORTEX_ASSIGN(auto found,
                db.prepare("SELECT d.id, d.rule, d.force, d.promotion_reason, d.source_principle,"
                           " d.created_at, p.created_by_json FROM doctrine d LEFT JOIN principles p"
                           " ON p.id = d.source_principle ORDER BY d.created_at, d.id"));
  const auto text = [&found](int column) { return std::string(found.column_text(column)); };
  for (;;) {
    CORTEX_ASSIGN(const bool more, found.step());
    if (!more) return {};
    const auto created_by = json::parse(found.column_text(6));
    const std::size_t against =
        created_by.ok() ? memory::falsification_of(*created_by).open_counterexamples.size() : 0;
    if (against > 0) {
      pack.exclude({text(0), "doctrine", "other",
                    cat("falsified: ", counted(against, "counterexample"), " to ", text(4)),
                    context::Sensitivity::kInternal});
      continue;
    }
    pack.add(context::Doctrine{text(0), text(1), text(2), text(3), text(4), text(5)});
  }
}

std::set<std::string> ids_of(const Candidates& found) {
  std::set<std::string> ids;
  for (const context::Ref& ref : found.refs) ids.insert(ref.memory_id);
  for (const store::UnreadableMemory& row : found.unreadable) ids.insert(row.id);
  return ids;
}

// The newest of the memories that do not match the task, until kTriedInVain in a row did not fit or
// kUnusableMax may not be used, which a strict budget does not mind; what is behind them is
// counted. With `any_tag` SQL cannot count, so all are looked at.
Status fill_up(sqlite::Connection& db, const ContextRequest& request, const PointInTime& when,
               const Candidates& found, context::Pack& pack, PackFiller& filler) {
  const std::set<std::string> seen = ids_of(found);
  store::MemoryFilter filter{.tags = request.tags, .limit = kFillPage};
  const bool to_the_end = !request.any_tag.empty();
  const std::size_t unusable_max =
      request.strict_budget ? std::numeric_limits<std::size_t>::max() : kUnusableMax;
  std::uint64_t looked_at = seen.size();
  while (to_the_end || (filler.in_vain() < kTriedInVain && filler.unusable() < unusable_max)) {
    CORTEX_ASSIGN(HeldPage page, next_held(db, when, filter));
    std::vector<context::Ref> refs;
    for (const store::Memory& memory : page.rows) {
      if (seen.contains(memory.id) || !has_any(request.any_tag, memory.tags())) continue;
      refs.push_back(ref_of(memory));
    }
    std::erase_if(page.unreadable, [&seen](const auto& row) { return seen.contains(row.id); });
    looked_at += refs.size() + page.unreadable.size();
    filler.leave_out(page.unreadable);
    CORTEX_TRY(filler.offer(refs));
    if (page.is_last) break;
  }
  if (to_the_end) return {};
  CORTEX_ASSIGN(const std::uint64_t all, count_held(db, when, {.tags = request.tags}));
  pack.exclude_rest(all - std::min(all, looked_at), filler.in_vain() < kTriedInVain
                                                        ? context::Pack::Rest::kNotConsidered
                                                        : context::Pack::Rest::kDoesNotFit);
  return {};
}

Status check(const ContextRequest& request) {
  if (is_blank(request.task)) {
    return pack_refused(Code::kUsage, "the task is blank", "say what the pack is for");
  }
  if (request.max_tokens == 0) {
    return pack_refused(Code::kUsage, "a budget of 0 tokens holds nothing",
                        "give --max-tokens 1 or more");
  }
  return {};
}

Status refuse_if_strict(sqlite::Connection& db, const ContextRequest& request,
                        const Candidates& found) {
  if (!found.unreadable.empty()) {
    return make_error(Code::kInternal, cat("memory ", quoted(found.unreadable.front().id),
                                           " cannot be read: ", found.unreadable.front().reason));
  }
  std::vector<std::string> ids;
  ids.reserve(found.refs.size());
  for (const context::Ref& ref : found.refs) ids.push_back(ref.memory_id);
  return refuse_unless_all_usable(db, ids, proof_depth(request), "context");
}

// Task and doctrine must fit before anything else; with --strict-budget every memory must that may
// be used.
Status check_budget(const ContextRequest& request, const context::Pack& pack) {
  if (!pack.within_budget()) {
    return pack_refused(Code::kPrecondition,
                        cat("task and doctrine alone take ", pack.estimated_tokens(),
                            " tokens, more than the budget of ", request.max_tokens),
                        "raise --max-tokens");
  }
  if (!request.strict_budget || pack.unfit() == 0) return {};
  return pack_refused(Code::kPrecondition,
                      cat("the budget of ", request.max_tokens, " tokens leaves out ", pack.unfit(),
                          pack.unfit() == 1 ? " memory" : " memories"),
                      "raise --max-tokens, narrow by --tag, or go without --strict-budget");
}

json::Value printed(const ContextRequest& request, const context::Pack& pack) {
  if (request.boundary_envelope) return pack.to_boundary_json();
  if (request.axiom_constraints) return pack.to_axiom_json(request.include_doctrine);
  return pack.to_json(request.include_doctrine, request.explain);
}

// `key`: of the operator whose pack it is.
Status persist(Services& services, const Layout& layout, const store::Caller& caller,
               const ContextRequest& request, const context::Pack& pack,
               const std::optional<crypto::SigningKey>& key) {
  CORTEX_ASSIGN(const memory::Screened task, memory::screen(request.task, request.policy));
  const auto plan = [&](sqlite::Connection&) -> Result<std::vector<store::Operation>> {
    const std::string created_at = format_rfc3339(services.clock.now(), Offset::kPlus00);
    json::Value record = pack.to_record();
    json::Object args;
    if (key) {
      args.add("attestation", attest_pack(*key, pack.id(), task.text, record, created_at));
    }
    args.add("consumer_advisory", pack.advisory_json());
    args.add("created_at", created_at);
    args.add("id", pack.id());
    args.add("pack", std::move(record));
    args.add("selection_audit",
             json::write_compact(pack.selection_audit(false, context::Pack::Kept::kJudged)));
    args.add("task", task.text);
    return std::vector<store::Operation>{{std::string(kPackOperation), std::move(args)}};
  };
  CORTEX_TRY(perform(services, layout, caller, plan));
  return {};
}

// A pack that could not be kept says so; one for an operator is not given then.
Status keep(Services& services, const Layout& layout, const store::Caller& caller,
            const ContextRequest& request, const context::Pack& pack,
            const std::optional<crypto::SigningKey>& key, ContextReport& report) {
  Status kept = persist(services, layout, caller, request, pack, key);
  report.persisted = kept.ok();
  if (kept.ok()) return {};
  if (key) return kept;
  report.note = cat("the pack was not kept: ", kept.error().text());
  return {};
}

}  // namespace

Result<ContextReport> build_context(Services& services, const Layout& layout,
                                    const store::Caller& caller, const ContextRequest& request) {
  CORTEX_TRY(check(request));
  CORTEX_TRY(check_operator_flags(request));
  ContextReport report;
  CORTEX_ASSIGN(const PointInTime when, point_in_time(services, request.as_of));
  CORTEX_ASSIGN(StoreAtWork store, open_checked_store(services, layout));
  sqlite::Connection& db = store.connection;
  std::optional<crypto::SigningKey> key;
  if (request.attestation_path) {
    CORTEX_ASSIGN(key, operator_key(services, db, *request.attestation_path));
  }
  const bool takes_all = request.compatible || request.by_age;
  Candidates found;
  if (request.strict || takes_all) {
    CORTEX_ASSIGN(found, all_candidates(db, request, when));
  }
  if (request.strict) CORTEX_TRY(refuse_if_strict(db, request, found));
  if (!takes_all) {
    CORTEX_ASSIGN(found, matching_candidates(services, db, request, when));
  }
  report.context_pack_id =
      core::id_text(core::IdKind::kContextPack, Ulid::make(services.clock, services.random));
  context::Pack pack(report.context_pack_id, request.task, request.max_tokens,
                     request.compatible ? context::Labels::kReference : context::Labels::kOwn,
                     mode_of(request), request.estimator);
  if (request.include_doctrine) CORTEX_TRY(add_doctrine(db, pack));
  CORTEX_TRY(check_budget(request, pack));
  PackFiller filler(db, request, when, pack, report);
  filler.leave_out(found.unreadable);
  CORTEX_TRY(filler.offer(found.refs));
  if (!found.whole) CORTEX_TRY(fill_up(db, request, when, found, pack, filler));
  CORTEX_TRY(check_budget(request, pack));
  if (request.persist && !request.compatible && !when) {
    CORTEX_TRY(keep(services, layout, caller, request, pack, key, report));
  }
  report.estimated_tokens = pack.estimated_tokens();
  report.refs = pack.refs();
  report.doctrine = pack.doctrine();
  report.excluded = pack.exclusions();
  report.pack = printed(request, pack);
  return report;
}

Status apply_context_build(sqlite::Connection& db, const store::OperationRow& row) {
  CORTEX_ASSIGN(const std::string id, row.text_arg("id"));
  CORTEX_ASSIGN(const std::string task, row.text_arg("task"));
  CORTEX_ASSIGN(const std::string audit, row.text_arg("selection_audit"));
  CORTEX_ASSIGN(const std::string created_at, row.text_arg("created_at"));
  std::optional<std::string> advisory;  // rows from before it was kept have none
  if (!row.arg("consumer_advisory").is_null()) {
    advisory = json::canonical(row.arg("consumer_advisory"));
  }
  CORTEX_ASSIGN(auto put, db.prepare("INSERT OR IGNORE INTO context_packs (id, task, pack_json, "
                                     "selection_audit, created_at, consumer_advisory_json) "
                                     "VALUES (?1, ?2, ?3, ?4, ?5, ?6)"));
  CORTEX_TRY(put.bind_all(id, task, json::canonical(row.arg("pack")), audit, created_at, advisory));
  return put.run();
}

}  // namespace cortex::app
