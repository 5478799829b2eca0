#include "mcp/methods.h"

#include <utility>

#include "base/version.h"

namespace cortex::mcp {
namespace {

constexpr std::string_view kInstructions =
    "Cortex remembers what was said and learned and can prove where it comes from. At the start of "
    "a task ask cortex_recall for what is known. At its end hand the events of the session to "
    "cortex_session_close. cortex_session_commit needs the confirmation token that the server "
    "printed for the person who started it: ask that person, never guess.";

// Lists change with the program only.
constexpr int kListMillis = 3'600'000;

json::Object capabilities() {
  return {{"tools", json::Object{}},
          {"resources", json::Object{{"subscribe", true}}},
          {"prompts", json::Object{}},
          {"completions", json::Object{}}};
}

}  // namespace

json::Object server_info() { return {{"name", "cortex"}, {"version", version()}}; }

json::Array stateless_names() {
  json::Array names;
  for (const Revision& revision : revisions()) {
    if (!revision.handshake) names.emplace_back(revision.name);
  }
  return names;
}

json::Object initialize_result(const Revision& revision) {
  return {{"protocolVersion", revision.name},
          {"capabilities", capabilities()},
          {"serverInfo", server_info()},
          {"instructions", kInstructions}};
}

json::Object discover_result() {
  return {{"supportedVersions", stateless_names()},
          {"capabilities", capabilities()},
          {"instructions", kInstructions}};
}

json::Object tools_result(const Host& host) {
  json::Array tools;
  for (const Tool* tool : all_tools(host.fixtures)) tools.emplace_back(describe(*tool));
  return {{"tools", std::move(tools)}};
}

json::Object finished(json::Object result, const Revision& revision, Cache cache) {
  if (revision.handshake) return result;
  result.add("resultType", "complete");
  if (cache != Cache::kNone) {
    result.add("ttlMs", cache == Cache::kList ? kListMillis : 0);
    result.add("cacheScope", "private");
  }
  const json::Value* present = result.find("_meta");
  json::Object meta = present != nullptr && present->as_object() != nullptr ? *present->as_object()
                                                                            : json::Object{};
  meta.set(std::string(meta::kServerInfo), server_info());
  result.set("_meta", std::move(meta));
  return result;
}

}  // namespace cortex::mcp
