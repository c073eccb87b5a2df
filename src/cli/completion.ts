import { Argument, type Command } from "commander";
import type { Client } from "./client.ts";
import { type Add, verb } from "./command.ts";

const SCRIPTS: Record<string, string> = {
  bash: `_netloom() {
  local IFS=$'\\n'
  COMPREPLY=($(netloom __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _netloom netloom`,
  zsh: `#compdef netloom
_netloom() {
  local -a found
  found=("\${(@f)$(netloom __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  [[ -n $found[1] ]] && compadd -- $found || _files
}
compdef _netloom netloom`,
  fish: `complete -c netloom -a '(netloom __complete -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'`,
};

export const addCompletion: Add = (parent, perform) => {
  verb(parent, "completion", "Print a script that completes commands, flags and names with the tab key", [
    ["source <(netloom completion bash)", "in ~/.bashrc; zsh alike"],
    ["netloom completion fish | source", "in ~/.config/fish/config.fish"],
  ])
    .addArgument(new Argument("<shell>", "which shell").choices(Object.keys(SCRIPTS)))
    .action((shell: string) => perform({}, async ({ print }) => print.line(SCRIPTS[shell] ?? "")));
  parent
    .command("__complete [words...]", { hidden: true })
    .passThroughOptions()
    .action((words: string[]) =>
      perform({}, async ({ client, print }) => {
        for (const candidate of await complete(parent, client, words)) print.line(candidate);
      }),
    );
};

/** What may stand in the place of the last word. Names are asked of the daemon; without one there are none. */
export async function complete(root: Command, client: Client, words: readonly string[]): Promise<string[]> {
  const current = words.at(-1) ?? "";
  const { command, position } = walk(root, words.slice(0, -1));
  const candidates = current.startsWith("-")
    ? command.options.filter(({ hidden }) => !hidden).flatMap(({ long }) => long ?? [])
    : command.commands.length > 0
      ? command
          .createHelp()
          .visibleCommands(command)
          .map((each) => each.name())
      : await names(client, argumentAt(command, position)).catch(() => []);
  return candidates.filter((candidate) => candidate.startsWith(current)).sort();
}

/** Follows the words to the command they lead to, and counts the arguments that it has already. */
function walk(root: Command, words: readonly string[]): { command: Command; position: number } {
  let command = root;
  let position = 0;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    if (word.startsWith("-")) {
      const option = command.options.find(({ long, short }) => word === long || word === short);
      if (option?.required) i++;
      continue;
    }
    const next = command.commands.find((each) => each.name() === word || each.aliases().includes(word));
    if (next === undefined) position++;
    else command = next;
  }
  return { command, position };
}

function argumentAt({ registeredArguments }: Command, position: number): string {
  const argument = registeredArguments[position] ?? registeredArguments.at(-1);
  return argument === undefined || (position >= registeredArguments.length && !argument.variadic) ? "" : argument.name();
}

async function names(client: Client, kind: string): Promise<string[]> {
  if (kind === "network") return (await client.call<{ Name: string }[]>("GET", "/networks")).map(({ Name }) => Name);
  if (kind === "container" || kind === "name") {
    const containers = await client.call<{ Names: string[] }[]>("GET", "/containers/json", { query: { all: true } });
    return containers.flatMap(({ Names }) => Names.map((name) => name.replace(/^\//, "")));
  }
  if (kind === "image")
    return (await client.call<{ RepoTags: string[] | null }[]>("GET", "/images/json")).flatMap(({ RepoTags }) => RepoTags ?? []);
  return [];
}
