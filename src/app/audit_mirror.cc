// `audit verify --mirror`: is the store what the ledger says, row by row? The mirror is compared in
// full; the tables of memories and the like are compared with what the operations of the ledger
// make of them (docs/formats.md, 10.1).
#include <optional>
#include <utility>

#include "app/audit_section.h"
#include "app/checked_store.h"
#include "app/memory_erase.h"
#include "app/rebuild.h"
#include "base/text.h"
#include "ledger/row_stream.h"
#include "sqlite/failure.h"
#include "store/mirror.h"
#include "store/mirror_compare.h"
#include "store/open.h"

namespace cortex::app {
namespace {

constexpr std::string_view kMirrorRule = "audit.verify.mirror";

struct Comparison {
  store::MirrorComparison mirror;
  std::uint64_t gone = 0;  // of its lagging rows: those that the store has followed already
  OperationOutcomes operations;
  std::vector<store::TableComparison> tables;
  std::string erasing;  // the memory whose interrupted erasure explains a difference, or empty
};

// How far the store has followed: what it lacks of newer rows is lag, not a difference. Empty: it
// keeps no books that fit the ledger.
Result<std::optional<std::uint64_t>> followed_bytes(sqlite::Connection& db, const Pass& pass) {
  CORTEX_ASSIGN(const store::MirrorState state, store::read_mirror_state(db));
  CORTEX_ASSIGN(const bool valid, store::matches_ledger(state, pass.file, pass.size_bytes));
  return valid ? std::optional(state.offset_bytes) : std::nullopt;
}

Status compare_mirror(sqlite::Connection& db, const Pass& pass, std::uint64_t followed,
                      Comparison& out) {
  CORTEX_ASSIGN(auto comparer, store::MirrorComparer::begin(db));
  ledger::RowStream rows(pass.file, 0, pass.size_bytes);
  for (;;) {
    CORTEX_ASSIGN(const core::DecodedEvent* row, rows.next());
    if (row == nullptr) break;
    const std::uint64_t before = comparer.lagging();
    CORTEX_TRY(comparer.add(row->event, row->raw_payload));
    if (comparer.lagging() > before && rows.place().end <= followed) ++out.gone;
  }
  CORTEX_ASSIGN(out.mirror, comparer.finish());
  return {};
}

Result<Comparison> compare(Services& services, sqlite::Connection& db, const Pass& pass) {
  Comparison out;
  CORTEX_ASSIGN(const auto followed, followed_bytes(db, pass));
  CORTEX_TRY(compare_mirror(db, pass, followed.value_or(0), out));
  CORTEX_ASSIGN(out.operations, operation_outcomes(db));
  CORTEX_ASSIGN(auto rebuilt,
                project_ledger(services, pass.file, followed.value_or(pass.size_bytes)));
  CORTEX_ASSIGN(out.tables, store::compare_projection(db, rebuilt));
  if (out.mirror.differing > 0) {
    CORTEX_ASSIGN(out.erasing, interrupted_erasure(db, pass.file, pass.size_bytes));
  }
  return out;
}

// A store that lacks tables or columns says so, not which statement stumbled over it.
Result<Comparison> compare_whole(Services& services, sqlite::Connection& db, const Pass& pass) {
  Result<Comparison> compared = compare(services, db, pass);
  if (!compared.ok() && sqlite::failure_of(compared.error()) == sqlite::Failure::kOther) {
    CORTEX_TRY(require_schema(db));
  }
  return compared;
}

struct Totals {
  std::uint64_t differing = 0, missing = 0, unaccounted = 0, accounted = 0;
  std::string first;  // "memories mem_..."
};

Totals total(const std::vector<store::TableComparison>& tables) {
  Totals out;
  for (const store::TableComparison& table : tables) {
    out.accounted += table.accounted;
    out.differing += table.differing;
    out.missing += table.missing;
    out.unaccounted += table.unaccounted;
    if (out.first.empty() && !table.holds()) out.first = cat(table.table, " ", table.first_wrong);
  }
  return out;
}

// What is wrong, or empty.
std::string wrong(const Comparison& found, const Totals& rows, bool strict) {
  const store::MirrorComparison& mirror = found.mirror;
  if (mirror.differing > 0) {
    return cat(counted(mirror.differing, "event"), " of the store unlike the ledger's",
               found.erasing.empty()
                   ? ""
                   : cat(", because the erasure of ", found.erasing, " was interrupted"));
  }
  if (found.gone > 0) {
    return cat(counted(found.gone, "event"), " of the ledger gone from the store, which held ",
               found.gone == 1 ? "it" : "them");
  }
  if (mirror.foreign > 0) {
    return cat(counted(mirror.foreign, "event"), " of the store that the ledger does not hold");
  }
  if (rows.differing + rows.missing > 0) {
    return cat(counted(rows.differing, "row"), " unlike and ", counted(rows.missing, "row"),
               " short of what the ledger's operations made, the first one: ", rows.first);
  }
  if (found.operations.failed > 0) {
    return cat(counted(found.operations.failed, "operation"),
               " could not be applied, the first one: ", found.operations.first_failed);
  }
  if (strict && mirror.lagging > 0) {
    return cat(counted(mirror.lagging, "ledger row"), " not mirrored yet (--strict)");
  }
  if (strict && rows.unaccounted > 0) {
    return cat(counted(rows.unaccounted, "row"),
               " that no operation of the ledger made"
               " (--strict)");
  }
  return "";
}

json::Value members_of(const Comparison& found) {
  json::Array tables;
  for (const store::TableComparison& table : found.tables) {
    const bool empty = table.accounted + table.unaccounted == 0 && table.holds();
    if (!empty) tables.push_back(to_json(table));
  }
  return json::Object{
      {"equal", found.mirror.equal},         {"lagging", found.mirror.lagging},
      {"differing", found.mirror.differing}, {"gone", found.gone},
      {"foreign", found.mirror.foreign},     {"operations", to_json(found.operations)},
      {"tables", std::move(tables)}};
}

Finding judge(Services& services, const VerifyRequest& request, const Pass& pass) {
  Finding finding;
  Comparison found;
  const Status looked =
      store::inspect(services.fs, request.layout.db_path, [&](sqlite::Connection& db) -> Status {
        CORTEX_ASSIGN(found, compare_whole(services, db, pass));
        return {};
      });
  if (!looked.ok()) {
    finding.code = Code::kPrecondition;
    finding.error = with_code(looked.error(), Code::kPrecondition);
    add_verdict(finding, kMirrorRule, trust::EdgeKind::kHashChain, "mirror", false,
                looked.error().message);
    return finding;
  }
  const Totals rows = total(found.tables);
  std::string reason = wrong(found, rows, request.strict);
  finding.members.add("mirror", members_of(found));
  finding.results.push_back(cat("mirror: ", counted(found.mirror.equal, "row"), " equal, ",
                                found.mirror.lagging, " lagging; ",
                                counted(rows.accounted, "derived row"), " accounted for, ",
                                rows.unaccounted, " older than the ledger's operations"));
  const bool holds = reason.empty();
  if (!holds) {
    finding.code = Code::kIntegrity;
    finding.error =
        make_error(Code::kIntegrity, cat("the store is not what the ledger says: ", reason));
    finding.error->unchanged = "nothing was changed";
    finding.error->next =
        found.erasing.empty()
            ? std::string("`cortex doctor --repair --from-ledger` makes it so, after a backup")
            : next_of_erasure(found.erasing);
  }
  add_verdict(finding, kMirrorRule, trust::EdgeKind::kHashChain, "mirror", holds,
              holds ? "the store is what the ledger says" : std::move(reason));
  return finding;
}

}  // namespace

Result<std::optional<Section>> mirror_section(Services& services, const VerifyRequest& request,
                                              ledger::VerifyOptions&) {
  if (!request.mirror) return std::optional<Section>();
  Section section{
      .judge = [&services, request](const Pass& pass) { return judge(services, request, pass); }};
  return std::optional<Section>(std::move(section));
}

}  // namespace cortex::app
