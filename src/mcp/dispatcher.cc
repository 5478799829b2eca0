#include "mcp/dispatcher.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "base/fs/stoppable_fs.h"
#include "base/text.h"
#include "mcp/method_table.h"
#include "mcp/progress_pump.h"
#include "mcp/resources.h"
#include "mcp/subscriptions.h"
#include "mcp/tool_result.h"

namespace cortex::mcp {
namespace {

constexpr std::string_view kListen = "subscriptions/listen";

bool is_subscribing(std::string_view method) {
  return method == "resources/subscribe" || method == "resources/unsubscribe";
}

RpcError method_not_found(std::string_view method) {
  return {code::kMethodNotFound, std::string(method)};
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
  return make_error(Code::kInternal, cat("the call failed inside: ", error.what()),
                    "other calls are not affected", "look at the server's log, then try again");
}

// Use cases speak of the flags of the command line; what the tool takes has other names.
Error in_words_of(const Tool& tool, Error error) {
  const auto is_of_a_name = [](char c) {
    return c == '-' || is_digit(c) || (c >= 'a' && c <= 'z');
  };
  for (const Field& field : tool.takes) {
    std::string flag = cat("--", field.name);
    std::ranges::replace(flag, '_', '-');
    for (std::string* text : {&error.message, &error.next}) {
      for (std::size_t at = text->find(flag); at != std::string::npos; at = text->find(flag, at)) {
        const std::size_t end = at + flag.size();
        const bool whole = end == text->size() || !is_of_a_name((*text)[end]);
        if (whole) text->replace(at, flag.size(), field.name);
        at += whole ? field.name.size() : flag.size();
      }
    }
  }
  return error;
}

// Nothing of ours throws; this is memory that ran out, or a defect that must not take others down.
Result<json::Object> run_tool(const Tool& tool, const Call& call) {
  try {
    auto object = tool.run(call);
    if (!object.ok()) return in_words_of(tool, std::move(object).error());
    if (tool.raw) return object;
    CORTEX_TRY(fit(tool, *object));
    return tool_result(std::move(object).value());
  } catch (const std::exception& error) {
    return broken_inside(error);
  }
}

std::string tool_reply(const std::string& id, Result<json::Object> outcome,
                       const Revision& revision) {
  if (outcome.ok()) {
    return result_text(id, finished(std::move(outcome).value(), revision));
  }
  if (revision.tool_errors_are_results) {
    return result_text(id, finished(tool_refusal(outcome.error()), revision));
  }
  return error_text(id, rpc_error(outcome.error()));
}

// The arguments of tools/call; null for none.
std::variant<const Tool*, RpcError> find_called(const Host& host, const json::Object& params) {
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
  const Tool* tool = find_tool(*name->as_string(), host.fixtures);
  if (tool == nullptr) {
    return RpcError{code::kInvalidParams, cat("tool not found: ", quoted(*name->as_string()))};
  }
  return tool;
}

// The host for one request: what runs on it ends when the request is called off.
struct StoppableHost {
  StoppableHost(const Host& all, const std::stop_token& stop)
      : fs(all.services.fs, stop),
        http(all.services.http, stop),
        services{fs, all.services.clock, all.services.random, http, stop, &recorded},
        host{services, all.environment, all.layout, all.settings, all.confirmation, all.fixtures} {}
  StoppableHost(const StoppableHost&) = delete;
  StoppableHost& operator=(const StoppableHost&) = delete;

  fs::StoppableFs fs;
  net::StoppableHttp http;
  std::atomic<std::uint64_t> recorded = 0;
  app::Services services;
  Host host;
};

}  // namespace

std::stop_source Pending::add(const std::string& id) {
  std::stop_source stop;
  const std::lock_guard lock(mutex_);
  stops_.emplace(id, stop);
  return stop;
}

void Pending::remove(const std::string& id, const std::stop_source& stop) {
  const std::lock_guard lock(mutex_);
  const auto [first, last] = stops_.equal_range(id);
  for (auto row = first; row != last; ++row) {
    if (row->second != stop) continue;
    stops_.erase(row);
    return;
  }
}

void Pending::cancel(const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto [first, last] = stops_.equal_range(id);
  for (auto row = first; row != last; ++row) row->second.request_stop();
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

Turn Dispatcher::turn(const Message& message) const {
  if (message.form != Form::kRequest) return Turn::kInOrder;
  if (message.method == "ping" || message.method == kListen) return Turn::kAtOnce;
  if (message.method != "tools/call") return Turn::kInOrder;
  const Tool* tool = find_tool(text_member(object_of(&message.params), "name"), host_.fixtures);
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

Connection Dispatcher::connect(std::function<void(std::string text)> notify) const {
  Connection connection;
  connection.notify = notify;
  connection.subscriptions = std::make_shared<Subscriptions>(host_, std::move(notify));
  return connection;
}

void Dispatcher::note(const Message& message, const Connection& connection) {
  if (message.method != "notifications/cancelled") return;
  const json::Value* id = object_of(&message.params).find("requestId");
  if (id == nullptr) return;
  connection.pending->cancel(json::write_compact(*id));
  if (connection.subscriptions) connection.subscriptions->end(json::write_compact(*id));
}

// What the request is about, and in which revision and by whom; or why it is refused.
std::variant<Dispatcher::Asked, RpcError> Dispatcher::asked_by(const Message& message,
                                                               const Connection& connection) {
  if (!is_stateless(message)) {
    const Revision* revision = connection.revision;
    return Asked{revision != nullptr ? *revision : negotiate(""), connection.client};  // ping
  }
  if (auto error = misses_meta(message)) return *std::move(error);
  const json::Object& meta = object_of(object_of(&message.params).find("_meta"));
  const std::string version = text_member(meta, meta::kProtocolVersion);
  if (version != stateless_revision().name) return unsupported(version);
  return Asked{stateless_revision(), client_of(object_of(meta.find(meta::kClientInfo)))};
}

void Dispatcher::answer(const Method& method, Message message, const Asked& asked,
                        const Connection& connection, Reply reply) {
  struct Job {
    Message message;
    Client client;
    Reply reply;
  };
  const auto text_of = [&method, &revision = asked.revision](const Host& host, const Job& job) {
    const Question question{host, object_of(&job.message.params), revision, job.client};
    Answer answer = method.answer(question);
    if (const auto* error = std::get_if<RpcError>(&answer)) {
      return error_text(job.message.id, *error);
    }
    return result_text(job.message.id,
                       finished(std::get<json::Object>(std::move(answer)), revision, method.cache));
  };
  auto job = std::make_shared<Job>(Job{std::move(message), asked.client, std::move(reply)});
  if (!method.reads_store) return job->reply(text_of(host_, *job));
  const std::stop_source stop = connection.pending->add(job->message.id);
  scheduler_.submit(Lane::kRead, [this, text_of, job, stop, pending = connection.pending] {
    std::string text;
    if (!stop.stop_requested()) {
      const StoppableHost own(host_, stop.get_token());
      text = text_of(own.host, *job);
    }
    pending->remove(job->message.id, stop);
    job->reply(stop.stop_requested() ? std::string() : std::move(text));
  });
}

void Dispatcher::subscribe(Message message, const Asked& asked, const Connection& connection,
                           Reply reply) {
  auto job = std::make_shared<Message>(std::move(message));
  scheduler_.submit(Lane::kRead, [this, job, reply = std::move(reply), &revision = asked.revision,
                                  subscriptions = connection.subscriptions] {
    const std::string uri = text_member(object_of(&job->params), "uri");
    if (job->method == "resources/unsubscribe") {
      subscriptions->remove(uri);
    } else if (const auto text = read_resource(host_, uri); !text.ok()) {
      return reply(error_text(job->id, reading_error(text.error(), uri, revision)));
    } else if (!subscriptions->add(uri, *text, "")) {
      return reply(error_text(
          job->id,
          {code::kInvalidParams, cat("more than ", Subscriptions::kCountMax, " subscriptions")}));
    }
    reply(result_text(job->id, finished({}, revision)));
  });
}

// Stays open until it is called off or the connection ends; there is no reply then.
void Dispatcher::listen(Message message, const Connection& connection, Reply reply) {
  connection.subscriptions->listen(message.id, [reply = std::move(reply)] { reply(""); });
  auto job = std::make_shared<Message>(std::move(message));
  scheduler_.submit(Lane::kRead, [this, job, notify = connection.notify,
                                  subscriptions = connection.subscriptions] {
    const json::Object& filter = object_of(object_of(&job->params).find("notifications"));
    const json::Value* wanted = filter.find("resourceSubscriptions");
    json::Array honoured;
    if (wanted != nullptr && wanted->as_array() != nullptr) {
      for (const json::Value& one : *wanted->as_array()) {
        if (honoured.size() == Subscriptions::kCountMax) break;
        const std::string* uri = one.as_string();
        if (uri == nullptr) continue;
        const auto text = read_resource(host_, *uri);
        if (text.ok() && subscriptions->add(*uri, *text, job->id)) honoured.push_back(one);
      }
    }
    json::Object agreed;
    if (!honoured.empty()) agreed.add("resourceSubscriptions", std::move(honoured));
    notify(notification_text(
        "notifications/subscriptions/acknowledged",
        json::Object{{"_meta", listener_meta(job->id)}, {"notifications", std::move(agreed)}}));
  });
}

bool Dispatcher::is_stateless(const Message& message) {
  return named_revision(message) != nullptr || message.method == "server/discover";
}

std::optional<RpcError> Dispatcher::misses_meta(const Message& message) {
  const json::Object& meta = object_of(object_of(&message.params).find("_meta"));
  const json::Value* version = meta.find(meta::kProtocolVersion);
  if (version == nullptr || version->as_string() == nullptr) {
    return RpcError{code::kInvalidParams, cat("_meta needs ", meta::kProtocolVersion)};
  }
  const json::Value* capabilities = meta.find(meta::kClientCapabilities);
  if (capabilities == nullptr || capabilities->as_object() == nullptr) {
    return RpcError{code::kInvalidParams, cat("_meta needs ", meta::kClientCapabilities)};
  }
  return std::nullopt;
}

// A tool that counts on something that the client does not offer.
std::optional<RpcError> Dispatcher::misses_capability(const Message& message) const {
  if (message.method != "tools/call") return std::nullopt;
  const json::Object& params = object_of(&message.params);
  const Tool* tool = find_tool(text_member(params, "name"), host_.fixtures);
  if (tool == nullptr || tool->client_needs.empty()) return std::nullopt;
  const json::Object& meta = object_of(params.find("_meta"));
  if (object_of(meta.find(meta::kClientCapabilities)).find(tool->client_needs) != nullptr) {
    return std::nullopt;
  }
  json::Object needed;
  needed.add(std::string(tool->client_needs), json::Object{});
  return RpcError{code::kMissingCapability,
                  cat("the client does not declare the capability ", tool->client_needs),
                  json::Object{{"requiredCapabilities", std::move(needed)}}};
}

std::variant<Dispatcher::Asked, RpcError> Dispatcher::admitted(const Message& message,
                                                               const Connection& connection) const {
  auto asked = asked_by(message, connection);
  if (std::holds_alternative<RpcError>(asked)) return asked;
  const bool handshake = std::get<Asked>(asked).revision.handshake;
  const Method* method = find_method(message.method);
  bool known = message.method == "tools/call" || (handshake && message.method == "initialize");
  if (connection.subscriptions) {
    known = known || (handshake ? is_subscribing(message.method) : message.method == kListen);
  }
  if (method != nullptr) known = handshake ? method->with_handshake : method->stateless;
  if (!known) return method_not_found(message.method);
  if (!handshake) {
    if (auto error = misses_capability(message)) return *std::move(error);
  }
  return asked;
}

std::optional<RpcError> Dispatcher::refusal(const Message& message,
                                            const Connection& connection) const {
  auto asked = admitted(message, connection);
  if (auto* error = std::get_if<RpcError>(&asked)) return std::move(*error);
  return std::nullopt;
}

void Dispatcher::handle(Message message, Connection& connection, Reply reply) {
  if (message.form == Form::kMalformed) {
    return reply(error_text("", {code::kParseError, "Parse error"}));
  }
  if (message.form == Form::kBadId) {
    return reply(error_text(
        "", {code::kInvalidRequest, "the id must be a string or a 64-bit integer, given once"}));
  }
  if (message.form == Form::kNotification) return note(message, connection);
  if (message.form == Form::kReply) return;

  const Method* method = find_method(message.method);
  const bool is_call = message.method == "tools/call";
  const bool is_known = method != nullptr || is_call || message.method == "initialize";
  if (is_known && (method == nullptr || !method->takes_any_params) && !message.params.is_null() &&
      message.params.as_object() == nullptr) {
    return reply(error_text("", {code::kParseError, "Parse error"}));
  }
  if (message.method == "initialize" && !is_stateless(message)) {
    return shake_hands(message, connection, reply);
  }
  const auto asked = admitted(message, connection);
  if (const auto* error = std::get_if<RpcError>(&asked)) {
    return reply(error_text(message.id, *error));
  }
  const Asked& by = std::get<Asked>(asked);
  if (is_call) return call_tool(std::move(message), connection, by, std::move(reply));
  if (message.method == kListen) {
    return listen(std::move(message), connection, std::move(reply));
  }
  if (is_subscribing(message.method)) {
    return subscribe(std::move(message), by, connection, std::move(reply));
  }
  answer(*method, std::move(message), by, connection, std::move(reply));
}

void Dispatcher::handle_in_batch(Message message, Connection& connection, Reply reply) {
  if (message.form == Form::kRequest && is_stateless(message)) {
    return reply(error_text(message.id,
                            {code::kInvalidRequest, cat("requests of ", stateless_revision().name,
                                                        " stand by themselves, not in a batch")}));
  }
  handle(std::move(message), connection, std::move(reply));
}

struct Dispatcher::ToolJob {
  const Tool& tool;
  const Revision& revision;
  Message message;
  Client client;
  Reply reply;
  std::function<void(std::string)> notify;
  std::shared_ptr<Pending> pending;
  std::stop_source stop;
};

void Dispatcher::call_tool(Message message, const Connection& connection, const Asked& asked,
                           Reply reply) {
  const auto found = find_called(host_, object_of(&message.params));
  if (const auto* error = std::get_if<RpcError>(&found)) {
    return reply(error_text(message.id, *error));
  }
  const Tool& tool = *std::get<const Tool*>(found);
  const std::stop_source stop = connection.pending->add(message.id);
  auto job = std::make_shared<ToolJob>(ToolJob{tool, asked.revision, std::move(message),
                                               asked.client, std::move(reply), connection.notify,
                                               connection.pending, stop});
  scheduler_.submit(tool.lane, [this, job] { carry_out(*job); });
}

// A call that was called off is not answered, also when it could not be stopped any more.
void Dispatcher::carry_out(ToolJob& job) const {
  const std::stop_token stop = job.stop.get_token();
  std::string text;
  if (!stop.stop_requested()) {
    const json::Object& params = object_of(&job.message.params);
    const Arguments arguments(object_of(params.find("arguments")));
    const ProgressPump pump(object_of(params.find("_meta")).find(meta::kProgressToken), job.notify,
                            stop);
    const StoppableHost own(host_, stop);
    auto outcome = run_tool(job.tool, {own.host, job.client, arguments, pump.progress()});
    const std::uint64_t recorded = own.recorded;
    const bool off = stop.stop_requested();
    if (log_ && (job.tool.tier != Tier::kSession || (off && recorded > 0))) {
      const std::string_view ended = off ? "cancelled" : outcome.ok() ? "ok" : "refused";
      log_(cat("tools/call tool=", job.tool.name, " client=", quoted(job.client.name),
               " outcome=", ended));
    }
    if (log_ && off && recorded > 0) {
      log_(cat("tools/call tool=", job.tool.name, ": called off after it had recorded ",
               counted(recorded, "ledger row"), ", which stay"));
    }
    if (!off) text = tool_reply(job.message.id, std::move(outcome), job.revision);
  }
  job.pending->remove(job.message.id, job.stop);
  job.reply(stop.stop_requested() ? std::string() : std::move(text));
}

}  // namespace cortex::mcp
