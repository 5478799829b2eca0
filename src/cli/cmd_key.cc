// The commands around keys: generate, register, show, list, rotate, revoke.
#include "app/keys.h"
#include "base/text.h"
#include "cli/handlers.h"

namespace cortex::cli {
namespace {

Result<app::KeyChangeRequest> change_request(const Context& context) {
  app::KeyChangeRequest request;
  CORTEX_ASSIGN(request.layout, context.layout());
  CORTEX_ASSIGN(request.policy, context.write_gate());
  request.reason = context.invocation.value("reason");
  request.effective_at = context.invocation.optional("effective-at");
  return request;
}

Result<app::RegisterKeyRequest> register_request(const Context& context) {
  const Invocation& flags = context.invocation;
  app::RegisterKeyRequest request{.change = {}, .principal_id = flags.value("principal")};
  CORTEX_ASSIGN(request.change, change_request(context));
  request.tier = flags.optional("tier");
  request.key_id = flags.optional("key-id");
  return request;
}

std::string change_text(const Context& context, const app::KeyChange& change) {
  std::string text =
      cat(context.invocation.command->path, ": the key ", printable(change.key_id), " of ",
          printable(change.principal_id), " is ", trust::key_state_token(change.state), " from ",
          change.effective_at, " on (", change.event_id, ")\n");
  if (change.retired_key_id) {
    text +=
        cat("retired     ", printable(*change.retired_key_id), "; what it signed stays valid\n");
  }
  if (!change.public_key.empty()) text += cat("public key  ", change.public_key, "\n");
  if (change.seed_path) {
    text += cat("seed        ", quoted(*change.seed_path, 1000), ", for its owner alone\n");
  }
  if (change.public_key_path) {
    text += cat("            ", quoted(*change.public_key_path, 1000), ", for everyone\n");
  }
  return text;
}

Outcome changed(const Context& context, const Result<app::KeyChange>& change) {
  if (!change.ok()) return failed(context, change.error());
  Outcome outcome{
      .text = change_text(context, *change), .diagnostics = "", .report = to_json(*change)};
  if (!change->mirror_note.empty()) {
    outcome.diagnostics = cat("warning: ", change->mirror_note, "\n");
  }
  return outcome;
}

std::string standing_text(const app::KeyStanding& key) {
  const trust::Authority& authority = key.authority;
  std::string text = cat("key ", printable(key.key_id), "\n  public key: ",
                         key.public_key.value_or("not bound: whoever signs with this name is"
                                                 " believed to be it"),
                         "\n");
  if (key.rows.empty()) return cat(text, "  not registered\n");
  text += cat("  principal:  ", printable(key.rows.back().principal_id));
  if (authority.evidence.current_tier) {
    text += cat(" (", trust::tier_token(*authority.evidence.current_tier), ")");
  }
  text +=
      cat("\n  may sign:   ", authority.valid_now ? "yes" : cat("no: ", authority.joined_reasons()),
          "\n");
  for (const store::KeyRow& row : key.rows) {
    text += cat("  ", row.effective_at, " ", trust::key_state_token(row.state));
    if (row.reason) text += cat(", ", printable(*row.reason));
    text += "\n";
  }
  return text;
}

std::string list_text(const std::vector<app::KeyStanding>& keys) {
  std::string text;
  for (const app::KeyStanding& key : keys) {
    const store::KeyRow& last = key.rows.back();
    const auto tier = key.authority.evidence.current_tier;
    text += cat(printable(key.key_id), "\t", trust::key_state_token(last.state), "\t",
                printable(last.principal_id), "\t", tier ? trust::tier_token(*tier) : "-", "\t",
                last.effective_at, "\n");
  }
  return text.empty() ? "cortex key list: no key is registered\n" : text;
}

}  // namespace

Outcome run_key_generate(const Context& context) {
  auto request = register_request(context);
  if (!request.ok()) return failed(context, request.error());
  request->signs_its_row = context.invocation.has("sign");
  return changed(context,
                 app::generate_key(context.services, *request, context.invocation.value("output")));
}

Outcome run_key_register(const Context& context) {
  const auto request = register_request(context);
  if (!request.ok()) return failed(context, request.error());
  return changed(context, app::register_key(context.services, *request,
                                            context.invocation.value("public-key")));
}

Outcome run_key_rotate(const Context& context) {
  const auto change = change_request(context);
  if (!change.ok()) return failed(context, change.error());
  const Invocation& flags = context.invocation;
  return changed(context, app::rotate_key(context.services, {.change = *change,
                                                             .old_seed_path = flags.value("seed"),
                                                             .new_seed_path = flags.value("output"),
                                                             .key_id = flags.optional("key-id")}));
}

Outcome run_key_revoke(const Context& context) {
  const auto change = change_request(context);
  if (!change.ok()) return failed(context, change.error());
  return changed(context,
                 app::revoke_key(context.services, *change, context.invocation.value("id")));
}

Outcome run_key_show(const Context& context) {
  const Invocation& flags = context.invocation;
  const app::KeyName name{.key_id = flags.optional("key-id"),
                          .public_key_path = flags.optional("public-key"),
                          .seed_path = flags.optional("seed")};
  if (!name.key_id && !name.public_key_path && !name.seed_path) {
    return failed(context, make_error(Code::kUsage, "no key is named", "nothing was changed",
                                      "name it with --key-id, --public-key or --seed"));
  }
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  const auto key = app::show_key(context.services, *layout, name);
  if (!key.ok()) return failed(context, key.error());
  return {.text = standing_text(*key), .diagnostics = "", .report = to_json(*key)};
}

Outcome run_key_list(const Context& context) {
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  const auto keys = app::list_keys(context.services, *layout);
  if (!keys.ok()) return failed(context, keys.error());
  json::Array list;
  for (const app::KeyStanding& key : *keys) list.push_back(to_json(key));
  return {.text = list_text(*keys),
          .diagnostics = "",
          .report = json::Object{{"keys", std::move(list)}, {"keys_count", keys->size()}}};
}

}  // namespace cortex::cli
