#include "app/checked_store.h"

#include <utility>

#include "base/join.h"
#include "base/text.h"
#include "store/schema_check.h"

namespace cortex::app {

Status require_schema(sqlite::Connection& db) {
  auto failures = store::check_schema(db);
  if (!failures.ok()) return with_code(std::move(failures).error(), Code::kPrecondition);
  if (failures->empty()) return {};
  return make_error(Code::kSchema, join(*failures, "; ", &store::SchemaFailure::text),
                    "no state was changed", "run `cortex doctor`");
}

Result<StoreAtWork> open_checked_store(Services& services, const Layout& layout) {
  CORTEX_ASSIGN(StoreAtWork store, open_store(services, layout));
  const auto failures = store::check_schema(store.connection);
  if (!failures.ok()) return with_code(failures.error(), Code::kPrecondition);
  if (failures->empty()) return store;
  const std::string lines = join(*failures, "\n  ", &store::SchemaFailure::text);
  return make_error(Code::kSchema,
                    cat("the store ", quoted(layout.db_path), " is not usable: ", lines),
                    "no memory was read", "run `cortex doctor`");
}

}  // namespace cortex::app
