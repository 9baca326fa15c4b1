package io.subscriptionrelay.commands;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import org.springframework.boot.SpringApplication;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The program as it is called: {@code java -jar subscription-relay.jar [COMMAND]}. Without a command it starts the relay, and so it does with
 * {@code run}; the other commands look at files, or ask and steer a relay that runs. They write data to the standard output and what is wrong to the
 * standard error, and end with 0 when all is fine, 1 when something was found, 2 when they are called in a wrong way.
 */
@Command(name = Commands.NAME, synopsisSubcommandLabel = "[COMMAND]", versionProvider = Commands.Version.class,
        customSynopsis = "java -jar subscription-relay.jar [COMMAND] [--name=value ...]",
        description = "Without a command, or with `run`, the relay starts; each option --name=value is a Spring property then.",
        footer = {"", "`COMMAND --help` shows what a command understands, and an example."})
public final class Commands implements Runnable {

    static final String NAME = "subscription-relay";
    static final String RUN = "run";
    private static final Set<String> ABOUT_ITSELF = Set.of("--help", "--version");

    @Option(names = "--help", usageHelp = true, description = "Shows this.")
    private boolean help;

    @Option(names = "--version", versionHelp = true, description = "Shows which version this is.")
    private boolean version;

    @Spec
    private CommandSpec spec;

    private final Class<?> application;
    private final Terminal terminal;
    private List<String> toStart;

    /**
     * The program.
     *
     * @param application the Spring application that {@code run} starts
     * @param environment the variables of the process
     */
    public Commands(Class<?> application, Map<String, String> environment, PrintStream out, PrintStream err) {
        this.application = application;
        terminal = new Terminal(environment, out, err);
    }

    static final class Version implements IVersionProvider {

        @Override
        public String[] getVersion() {
            return new String[] {NAME + " " + Optional.ofNullable(Commands.class.getPackage().getImplementationVersion()).orElse("(not from its jar)")};
        }
    }

    /**
     * Does what the arguments of this process say, and ends it unless it has become a relay.
     *
     * @param application the Spring application that {@code run} starts
     */
    public static void main(Class<?> application, String... arguments) {
        if (!startsRelay(arguments)) {
            QuietLogging.begin();
        }
        new Commands(application, System.getenv(), System.out, System.err).run(arguments).ifPresent(System::exit);
    }

    /**
     * Does what the arguments say.
     *
     * @return what the process has to end with; empty when it has become a relay, which runs until it is stopped
     */
    public OptionalInt run(String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        if (startsRelay(arguments) && !(arguments.length > 0 && arguments[0].equals(RUN))) {
            all.add(0, RUN);
        }
        int status = commandLine().execute(all.toArray(String[]::new));
        if (toStart == null) {
            return OptionalInt.of(status);
        }
        // not from within the command: what a start throws is for Spring's own handler
        SpringApplication relay = new SpringApplication(application);
        relay.setMainApplicationClass(application);
        relay.run(toStart.toArray(String[]::new));
        return OptionalInt.empty();
    }

    private static boolean startsRelay(String[] arguments) {
        return arguments.length == 0 || arguments[0].equals(RUN) || arguments[0].startsWith("--") && !ABOUT_ITSELF.contains(arguments[0]);
    }

    private CommandLine commandLine() {
        CommandLine line = new CommandLine(this);
        line.addSubcommand(new RunCommand(this, terminal));
        line.addSubcommand(new CheckCommand(application, terminal));
        line.addSubcommand(new MapCommand(terminal));
        line.addSubcommand(new TestCommand(terminal));
        line.addSubcommand(new SendCommand(terminal));
        line.addSubcommand(new EventsCommand(terminal));
        line.addSubcommand(new CommandLine(new ParkedCommand(terminal)).addSubcommand(new ParkedCommand.ListCommand(terminal))
                .addSubcommand(new ParkedCommand.ShowCommand(terminal)).addSubcommand(new ParkedCommand.ReplayParkedCommand(terminal))
                .addSubcommand(new ParkedCommand.DiscardCommand(terminal)));
        line.addSubcommand(new CommandLine(new ReplayCommand(terminal)).addSubcommand(new ReplayCommand.ListCommand(terminal))
                .addSubcommand(new ReplayCommand.ShowCommand(terminal)).addSubcommand(new ReplayCommand.CancelCommand(terminal)));
        line.addSubcommand(new TraceCommand(terminal));
        line.addSubcommand(new SchemasCommand(terminal));
        line.addSubcommand(new CompletionCommand(terminal));
        line.setOut(new PrintWriter(terminal.out(), true)).setErr(new PrintWriter(terminal.err(), true)).setColorScheme(Help.defaultColorScheme(Help.Ansi.AUTO))
                .setExpandAtFiles(false).setCaseInsensitiveEnumValuesAllowed(true).setUsageHelpWidth(110).setUsageHelpAutoWidth(true)
                .setParameterExceptionHandler(this::wrongUse)
                .setExecutionExceptionHandler((failure, command, parsed) -> {
                    if (failure instanceof NotAnsweredException unanswered) {
                        terminal.err().println(unanswered.getMessage());
                        return unanswered.status();
                    }
                    terminal.err().println(command.getCommandName() + " failed: " + failure);
                    return Status.WRONG_USE;
                });
        return line;
    }

    private int wrongUse(ParameterException wrong, String[] arguments) {
        CommandLine command = wrong.getCommandLine();
        if (command.getCommandSpec() == spec) {
            terminal.err().println(unknown(arguments[0]));
        } else {
            String said = wrong instanceof UnmatchedArgumentException unmatched
                    ? "the argument `" + withoutValue(unmatched.getUnmatched().get(0)) + "` is not known" : wrong.getMessage();
            terminal.err().println(command.getCommandSpec().qualifiedName().substring(NAME.length() + 1) + ": " + said + "; --help shows what it understands");
        }
        return Status.WRONG_USE;
    }

    /** What is said of an argument that stands where only a command or an option of `run` may. */
    String unknown(String argument) {
        String commands = spec.subcommands().keySet().stream().filter(name -> !name.equals(RUN)).map(name -> "`" + name + "`")
                .collect(Collectors.joining(", "));
        return "Nothing is started, because the argument `" + withoutValue(argument) + "` is not known: there are the commands `" + RUN
                + "` (or none), " + commands + ", and after `" + RUN + "` the options --name=value, which are Spring properties.";
    }

    /** Of what might have been meant as a setting, only the name: the value may be a secret. */
    private static String withoutValue(String argument) {
        int end = argument.indexOf('=');
        return end < 0 ? argument : argument.substring(0, end) + "=...";
    }

    void start(List<String> options) {
        toStart = List.copyOf(options);
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "no command");
    }
}
