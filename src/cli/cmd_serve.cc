#include "app/serve.h"

#include "base/check.h"
#include "cli/handlers.h"
#include "cli/logging.h"

namespace cortex::cli {

// The server speaks on the streams itself: there is no text and no envelope.
Outcome run_serve(const Context& context) {
  CORTEX_CHECK(context.server != nullptr);
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  app::ServeRequest request{.layout = *layout, .environment = context.environment};
  request.token_file = context.invocation.optional("token-file");
  request.http = context.invocation.optional("http");
  request.bearer_token_file = context.invocation.optional("bearer-token-file");
  request.fixtures = context.invocation.has("conformance-fixtures");
  request.logs_calls = logs_info(context.environment.get("RUST_LOG").value_or(""));
  return {.code = (*context.server)(context.services, request)};
}

}  // namespace cortex::cli
