#include "mcp/resources.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "app/agent_memories.h"
#include "app/look.h"
#include "app/status.h"
#include "base/text.h"
#include "mcp/conformance_fixtures.h"
#include "mcp/tool_result.h"

namespace cortex::mcp {
namespace {

constexpr std::string_view kScheme = "cortex://";
constexpr std::string_view kHead = "cortex://ledger/head";
constexpr std::string_view kResourceJson = "application/json";
constexpr std::size_t kPage = 50;
constexpr std::size_t kTitleBytes = 120;
constexpr std::size_t kSessionRows = 500;

constexpr ResourceTemplate kTemplates[] = {
    {"memory", "Memory", "A memory with everything that is kept about it.",
     app::Completed::kMemory},
    {"event", "Ledger row", "One row of the ledger as it stands.", app::Completed::kEvent},
    {"session", "Session", "The newest ledger rows of a session, oldest first.",
     app::Completed::kSession},
    {"pack", "Context pack", "A context pack that was kept.", app::Completed::kPack},
};

Error resource_not_found(std::string_view uri) {
  return make_error(Code::kUsage, cat("Resource not found: ", quoted(uri, 200)), "nothing was read",
                    "resources/list and resources/templates/list have the addresses");
}

std::string address(std::string_view path, std::string_view id) {
  return cat(kScheme, path, "/", id);
}

Result<json::Object> head_of(const Host& host) {
  CORTEX_ASSIGN(const app::StatusReport report, app::status(host.services, host.layout));
  return json::Object{{"rows", report.ledger_rows},
                      {"bytes", report.ledger_bytes},
                      {"head", json::or_null(report.head)},
                      {"mirror_lag_rows", report.mirror_lag_rows}};
}

// Percent escapes of an id, as clients write them. An id never needs one; sessions may.
std::optional<std::string> unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const auto byte = from_hex(to_lower_ascii(text.substr(i + 1, 2)));
    if (!byte || byte->size() != 1) return std::nullopt;
    out += static_cast<char>(byte->front());
    i += 2;
  }
  return is_valid_utf8(out) ? std::optional(std::move(out)) : std::nullopt;
}

Result<json::Object> session_of(const Host& host, std::string_view uri, const std::string& id) {
  app::LogFilter filter;
  filter.limit = kSessionRows;
  filter.session = id;
  CORTEX_ASSIGN(const app::LogReport report, app::log(host.services, host.layout, filter));
  if (report.rows.empty()) return resource_not_found(uri);
  return members_of(to_json(report));
}

Result<json::Object> record_of(const Host& host, std::string_view uri, const ResourceTemplate& row,
                               const std::string& id) {
  auto shown = app::look_up(host.services, host.layout, id);
  if (!shown.ok())
    return shown.error().code == Code::kUsage ? resource_not_found(uri) : shown.error();
  if (shown->record.is_null()) return resource_not_found(uri);
  const bool fits = row.path == "pack" ? id.starts_with("ctx_") : shown->kind == row.path;
  if (!fits) return resource_not_found(uri);
  return members_of(to_json(*shown));
}

constexpr Field kRows[] = {{.name = "events", .type = Type::kObjects}};
constexpr Tool kReading = {.name = "resources/read",
                           .title = "resource",
                           .about = "What a resource is cut by.",
                           .gives = kRows,
                           .list = "events"};

std::string title_of(const std::string& claim) {
  if (claim.size() <= kTitleBytes) return claim;
  std::size_t end = kTitleBytes;
  while (end > 0 && (static_cast<unsigned char>(claim[end]) & 0xC0U) == 0x80U) --end;
  return cat(std::string_view(claim).substr(0, end), "...");
}

json::Object resource(std::string uri, std::string_view name, std::string title) {
  return {{"uri", std::move(uri)},
          {"name", name},
          {"title", std::move(title)},
          {"mimeType", kResourceJson}};
}

}  // namespace

const ResourceTemplate* find_template(std::string_view uri_template) {
  for (const ResourceTemplate& row : kTemplates) {
    if (uri_template == address(row.path, "{id}")) return &row;
  }
  return nullptr;
}

json::Object templates_result() {
  json::Array rows;
  for (const ResourceTemplate& row : kTemplates) {
    rows.emplace_back(json::Object{{"uriTemplate", address(row.path, "{id}")},
                                   {"name", row.path},
                                   {"title", row.title},
                                   {"description", row.about},
                                   {"mimeType", kResourceJson}});
  }
  return {{"resourceTemplates", std::move(rows)}};
}

Result<json::Object> list_resources(const Host& host, const std::optional<std::string>& cursor) {
  std::uint64_t offset = 0;
  if (cursor) {
    const char* end = cursor->data() + cursor->size();
    const auto [rest, error] = std::from_chars(cursor->data(), end, offset);
    if (error != std::errc() || rest != end) {
      return bad_argument(cat("cursor ", quoted(*cursor), " is none of ours"));
    }
  }
  json::Array rows;
  if (offset == 0) {
    CORTEX_ASSIGN(const app::StatusReport report, app::status(host.services, host.layout));
    if (report.head) {
      rows.emplace_back(resource(std::string(kHead), "ledger/head", "Head of the ledger"));
    }
  }
  CORTEX_ASSIGN(const app::AgentListReport page,
                app::list_for_agent(host.services, host.layout,
                                    {.domains = {}, .limit = kPage, .offset = offset}));
  for (const store::Memory& memory : page.memories) {
    rows.emplace_back(resource(address("memory", memory.id), memory.id, title_of(memory.claim)));
  }
  json::Object out{{"resources", std::move(rows)}};
  if (offset + kPage < page.total) out.add("nextCursor", std::to_string(offset + kPage));
  return out;
}

Result<std::string> read_resource(const Host& host, std::string_view uri) {
  json::Object object;
  if (uri == kHead) {
    CORTEX_ASSIGN(object, head_of(host));
    return json::write_compact(object);
  }
  if (host.fixtures) {
    if (auto fixture = fixture_resource(uri)) return json::write_compact(*fixture);
  }
  if (!uri.starts_with(kScheme)) return resource_not_found(uri);
  const std::string_view rest = uri.substr(kScheme.size());
  const std::size_t slash = rest.find('/');
  const auto row = std::ranges::find(kTemplates, rest.substr(0, slash), &ResourceTemplate::path);
  if (slash == std::string_view::npos || row == std::end(kTemplates)) {
    return resource_not_found(uri);
  }
  const auto id = unescaped(rest.substr(slash + 1));
  if (!id || id->empty()) return resource_not_found(uri);
  if (row->path == "session") {
    CORTEX_ASSIGN(object, session_of(host, uri, *id));
  } else {
    CORTEX_ASSIGN(object, record_of(host, uri, *row, *id));
  }
  CORTEX_TRY(fit(kReading, object));
  return json::write_compact(json::sorted(std::move(object)));
}

RpcError reading_error(const Error& error, std::string_view uri, const Revision& revision) {
  if (error.code != Code::kUsage) return rpc_error(error);
  return {revision.handshake ? code::kResourceNotFound : code::kInvalidParams, error.message,
          json::Object{{"uri", uri}}};
}

json::Object contents_result(std::string_view uri, std::string text) {
  return {{"contents", json::Array{json::Object{
                           {"uri", uri}, {"mimeType", kResourceJson}, {"text", std::move(text)}}}}};
}

}  // namespace cortex::mcp
