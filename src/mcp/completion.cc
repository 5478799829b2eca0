#include "mcp/completion.h"

#include <utility>

#include "app/complete_ids.h"
#include "mcp/method_table.h"
#include "mcp/resources.h"

namespace cortex::mcp {
namespace {

constexpr std::size_t kValuesMax = 100;  // the protocol's own limit

json::Object completion(const app::Completions& found) {
  return {{"completion",
           json::Object{{"values", json::array_of(found.values)}, {"hasMore", found.more}}}};
}

}  // namespace

Result<json::Object> complete(const Host& host, const json::Object& params) {
  const json::Object& ref = object_of(params.find("ref"));
  const json::Object& argument = object_of(params.find("argument"));
  if (ref.empty() || argument.empty()) {
    return bad_argument("completion/complete needs ref and argument");
  }
  const ResourceTemplate* row =
      text_member(ref, "type") == "ref/resource" ? find_template(text_member(ref, "uri")) : nullptr;
  if (row == nullptr || text_member(argument, "name") != "id") return completion({});
  CORTEX_ASSIGN(const app::Completions found,
                app::complete_ids(host.services, host.layout, row->completed,
                                  text_member(argument, "value"), kValuesMax));
  return completion(found);
}

}  // namespace cortex::mcp
