#include "app/checked_store.h"

#include <string>
#include <utility>

#include "base/join.h"
#include "base/text.h"
#include "store/schema_check.h"

namespace cortex::app {
namespace {

// What is missing or unknown, or nothing.
Result<std::string> schema_faults(sqlite::Connection& db, std::string_view between) {
  auto failures = store::check_schema(db);
  if (!failures.ok()) return with_code(std::move(failures).error(), Code::kPrecondition);
  return join(*failures, between, &store::SchemaFailure::text);
}

}  // namespace

Status require_schema(sqlite::Connection& db) {
  CORTEX_ASSIGN(std::string faults, schema_faults(db, "; "));
  if (faults.empty()) return {};
  return make_error(Code::kSchema, std::move(faults), "no state was changed",
                    "run `cortex doctor --strict`");
}

Result<StoreAtWork> open_checked_store(Services& services, const Layout& layout) {
  CORTEX_ASSIGN(StoreAtWork store, open_store(services, layout));
  CORTEX_ASSIGN(const std::string faults, schema_faults(store.connection, "\n  "));
  if (faults.empty()) return store;
  return make_error(Code::kSchema,
                    cat("the store ", quoted(layout.db_path), " is not usable: ", faults),
                    "no memory was read", "run `cortex doctor --strict`");
}

}  // namespace cortex::app
