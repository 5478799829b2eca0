#include "mcp/dispatcher.h"

#include <exception>
#include <optional>
#include <utility>
#include <variant>

#include "base/text.h"
#include "mcp/methods.h"
#include "mcp/progress_pump.h"
#include "mcp/tool_result.h"

namespace cortex::mcp {
namespace {

using Answer = std::variant<json::Object, RpcError>;

struct Request {
  const json::Object& params;
  const Revision& revision;
};

// A method that is answered at once.
struct Method {
  std::string_view name;
  bool with_handshake = true;
  bool stateless = true;
  bool takes_any_params = false;
  Cache cache = Cache::kNone;
  Answer (*answer)(const Request& request);
};

Answer answer_nothing(const Request&) { return json::Object{}; }
Answer answer_discover(const Request&) { return discover_result(); }
Answer answer_tools(const Request&) { return tools_result(); }
Answer answer_no_resources(const Request&) { return json::Object{{"resources", json::Array{}}}; }
Answer answer_no_templates(const Request&) {
  return json::Object{{"resourceTemplates", json::Array{}}};
}
Answer answer_no_prompts(const Request&) { return json::Object{{"prompts", json::Array{}}}; }
Answer answer_no_completion(const Request&) {
  return json::Object{{"completion", json::Object{{"values", json::Array{}}}}};
}

constexpr Method kMethods[] = {
    {"ping", true, false, true, Cache::kNone, answer_nothing},
    {"server/discover", true, true, false, Cache::kList, answer_discover},
    {"tools/list", true, true, false, Cache::kList, answer_tools},
    {"resources/list", true, true, false, Cache::kList, answer_no_resources},
    {"resources/templates/list", true, true, false, Cache::kList, answer_no_templates},
    {"prompts/list", true, true, false, Cache::kList, answer_no_prompts},
    {"completion/complete", true, true, false, Cache::kNone, answer_no_completion},
};

const Method* find_method(std::string_view name) {
  for (const Method& method : kMethods) {
    if (method.name == name) return &method;
  }
  return nullptr;
}

RpcError not_found(std::string_view method) { return {code::kMethodNotFound, std::string(method)}; }

const json::Object& object_of(const json::Value* value) {
  static const json::Object kNone;
  const json::Object* object = value == nullptr ? nullptr : value->as_object();
  return object == nullptr ? kNone : *object;
}

std::string text_member(const json::Object& object, std::string_view key) {
  const json::Value* value = object.find(key);
  return value == nullptr || value->as_string() == nullptr ? "" : *value->as_string();
}

// Both go into the ledger with every operation, so they are kept short.
std::string short_member(const json::Object& object, std::string_view key) {
  constexpr std::size_t kBytesMax = 100;
  std::string text = text_member(object, key);
  return text.size() <= kBytesMax ? text : quoted(text, kBytesMax);
}

Client client_of(const json::Object& info) {
  return {short_member(info, "name"), short_member(info, "version")};
}

// The revision that a request itself names, as the stateless revision has it.
const json::Value* named_revision(const Message& message) {
  return object_of(object_of(&message.params).find("_meta")).find(meta::kProtocolVersion);
}

RpcError unsupported(std::string_view asked) {
  return {code::kUnsupportedRevision, "Unsupported protocol version",
          json::Object{{"supported", stateless_names()}, {"requested", asked}}};
}

// What a stateless request says about itself, or why it is refused.
std::variant<Client, RpcError> read_stateless(const json::Object& meta) {
  const json::Value* version = meta.find(meta::kProtocolVersion);
  if (version == nullptr || version->as_string() == nullptr) {
    return RpcError{code::kInvalidParams, cat("_meta needs ", meta::kProtocolVersion)};
  }
  if (*version->as_string() != stateless_revision().name) return unsupported(*version->as_string());
  const json::Value* capabilities = meta.find(meta::kClientCapabilities);
  if (capabilities == nullptr || capabilities->as_object() == nullptr) {
    return RpcError{code::kInvalidParams, cat("_meta needs ", meta::kClientCapabilities)};
  }
  return client_of(object_of(meta.find(meta::kClientInfo)));
}

bool is_good_initialize(const Message& message) {
  const json::Object& params = object_of(&message.params);
  const auto has = [&](std::string_view key, bool object) {
    const json::Value* value = params.find(key);
    if (value == nullptr) return false;
    return object ? value->as_object() != nullptr : value->as_string() != nullptr;
  };
  return has("protocolVersion", false) && has("capabilities", true) && has("clientInfo", true);
}

Error broken_inside(const std::exception& error) {
  Error out = make_error(Code::kInternal, cat("the call failed inside: ", error.what()));
  out.unchanged = "other calls are not affected";
  out.next = "look at the server's log, then try again";
  return out;
}

// Nothing of ours throws; this is memory that ran out, or a defect that must not take others down.
Result<json::Object> run_tool(const Tool& tool, const Call& call) {
  try {
    CORTEX_ASSIGN(json::Object object, tool.run(call));
    CORTEX_TRY(fit(tool, object));
    return object;
  } catch (const std::exception& error) {
    return broken_inside(error);
  }
}

std::string tool_reply(const std::string& id, Result<json::Object> outcome,
                       const Revision& revision) {
  if (outcome.ok()) {
    return result_text(id, finished(tool_result(std::move(outcome).value()), revision));
  }
  if (revision.tool_errors_are_results) {
    return result_text(id, finished(tool_refusal(outcome.error()), revision));
  }
  return error_text(id, rpc_error(outcome.error()));
}

// The arguments of tools/call; null for none.
std::variant<const Tool*, RpcError> find_called(const json::Object& params) {
  const json::Value* name = params.find("name");
  if (name == nullptr || name->as_string() == nullptr) {
    return RpcError{code::kInvalidParams, "tools/call needs the name of a tool"};
  }
  const json::Value* arguments = params.find("arguments");
  if (arguments != nullptr && !arguments->is_null() && arguments->as_object() == nullptr) {
    return RpcError{code::kInvalidParams, "tools/call: arguments must be an object"};
  }
  if (params.find("task") != nullptr) {
    return RpcError{code::kInvalidParams, "tools/call: no tool runs as a task"};
  }
  const Tool* tool = find_tool(*name->as_string());
  if (tool == nullptr) {
    return RpcError{code::kInvalidParams, cat("tool not found: ", quoted(*name->as_string()))};
  }
  return tool;
}

}  // namespace

Pending::Flag Pending::add(const std::string& id) {
  auto flag = std::make_shared<std::atomic<bool>>(false);
  const std::lock_guard lock(mutex_);
  flags_.emplace(id, flag);
  return flag;
}

void Pending::remove(const std::string& id, const Flag& flag) {
  const std::lock_guard lock(mutex_);
  const auto [first, last] = flags_.equal_range(id);
  for (auto row = first; row != last; ++row) {
    if (row->second != flag) continue;
    flags_.erase(row);
    return;
  }
}

void Pending::cancel(const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto [first, last] = flags_.equal_range(id);
  for (auto row = first; row != last; ++row) *row->second = true;
}

Dispatcher::Dispatcher(const Host& host, Scheduler& scheduler,
                       std::function<void(std::string_view line)> log)
    : host_(host), scheduler_(scheduler), log_(std::move(log)) {}

bool Dispatcher::may_open(const Message& message) {
  if (message.form != Form::kRequest) return message.form == Form::kMalformed;
  if (message.method == "ping" || message.method == "server/discover") return true;
  if (message.method == "initialize") return is_good_initialize(message);
  return named_revision(message) != nullptr;
}

Turn Dispatcher::turn(const Message& message) {
  if (message.form != Form::kRequest) return Turn::kInOrder;
  if (message.method == "ping") return Turn::kAtOnce;
  if (message.method != "tools/call") return Turn::kInOrder;
  const Tool* tool = find_tool(text_member(object_of(&message.params), "name"));
  return tool != nullptr && tool->lane == Lane::kSlow ? Turn::kAtOnce : Turn::kInOrder;
}

void Dispatcher::shake_hands(const Message& message, Connection& connection,
                             const Reply& reply) const {
  if (!is_good_initialize(message)) {
    return reply(error_text(
        message.id,
        {code::kInvalidParams, "initialize needs protocolVersion, capabilities and clientInfo"}));
  }
  const json::Object& params = object_of(&message.params);
  connection.revision = &negotiate(text_member(params, "protocolVersion"));
  connection.client = client_of(object_of(params.find("clientInfo")));
  reply(result_text(message.id, initialize_result(*connection.revision)));
}

void Dispatcher::handle(Message message, Connection& connection, Reply reply) {
  if (message.form == Form::kMalformed) {
    return reply(error_text("", {code::kParseError, "Parse error"}));
  }
  if (message.form == Form::kBadId) {
    return reply(error_text(
        "", {code::kInvalidRequest, "the id must be a string or a 64-bit integer, given once"}));
  }
  const json::Object& params = object_of(&message.params);
  if (message.form == Form::kNotification) {
    if (message.method != "notifications/cancelled") return;
    if (const json::Value* id = params.find("requestId")) {
      connection.pending->cancel(json::write_compact(*id));
    }
    return;
  }
  if (message.form == Form::kReply) return;

  const Method* method = find_method(message.method);
  const bool is_call = message.method == "tools/call";
  const bool is_known = method != nullptr || is_call || message.method == "initialize";
  if (is_known && (method == nullptr || !method->takes_any_params) && !message.params.is_null() &&
      message.params.as_object() == nullptr) {
    return reply(error_text("", {code::kParseError, "Parse error"}));
  }
  if (message.method == "initialize") return shake_hands(message, connection, reply);

  const Revision* revision = connection.revision;
  Client client = connection.client;
  const bool stateless = named_revision(message) != nullptr || message.method == "server/discover";
  if (stateless) {
    auto said = read_stateless(object_of(params.find("_meta")));
    if (const auto* error = std::get_if<RpcError>(&said)) {
      return reply(error_text(message.id, *error));
    }
    client = std::get<Client>(std::move(said));
    revision = &stateless_revision();
  } else if (revision == nullptr) {
    revision = &negotiate("");  // only ping comes here
  }
  if (is_call) {
    return call_tool(std::move(message), connection, *revision, std::move(client),
                     std::move(reply));
  }
  if (method == nullptr || (revision->handshake ? !method->with_handshake : !method->stateless)) {
    return reply(error_text(message.id, not_found(message.method)));
  }
  Answer answer = method->answer({params, *revision});
  if (const auto* error = std::get_if<RpcError>(&answer)) {
    return reply(error_text(message.id, *error));
  }
  reply(result_text(message.id,
                    finished(std::get<json::Object>(std::move(answer)), *revision, method->cache)));
}

void Dispatcher::call_tool(Message message, const Connection& connection, const Revision& revision,
                           Client client, Reply reply) {
  const auto found = find_called(object_of(&message.params));
  if (const auto* error = std::get_if<RpcError>(&found)) {
    return reply(error_text(message.id, *error));
  }
  const Tool& tool = *std::get<const Tool*>(found);
  struct Job {
    Message message;
    Client client;
    Reply reply;
    std::function<void(std::string)> notify;
    std::shared_ptr<Pending> pending;
    Pending::Flag cancelled;
  };
  auto job = std::make_shared<Job>(Job{std::move(message), std::move(client), std::move(reply),
                                       connection.notify, connection.pending, nullptr});
  job->cancelled = job->pending->add(job->message.id);
  scheduler_.submit(tool.lane, [this, job, &tool, &revision] {
    job->pending->remove(job->message.id, job->cancelled);
    if (*job->cancelled) return job->reply("");
    const json::Object& params = object_of(&job->message.params);
    const Arguments arguments(object_of(params.find("arguments")));
    const ProgressPump pump(object_of(params.find("_meta")).find(meta::kProgressToken),
                            job->notify);
    auto outcome = run_tool(tool, {host_, job->client, arguments, pump.progress()});
    if (log_ && tool.tier != Tier::kSession) {
      log_(cat("tools/call tool=", tool.name, " client=", quoted(job->client.name),
               " outcome=", outcome.ok() ? "ok" : "refused"));
    }
    job->reply(tool_reply(job->message.id, std::move(outcome), revision));
  });
}

}  // namespace cortex::mcp
