import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import software.amazon.dynamodb.services.local.main.ServerRunner;
import software.amazon.dynamodb.services.local.server.DynamoDBProxyServer;

/**
 * DynamoDB Local in memory, on 127.0.0.1 only: its own command line always listens on every
 * interface. Arguments: the port (0: any free one) and the file that gets the port once it answers.
 */
public final class LoopbackDynamoDB {
    public static void main(String[] args) throws Exception {
        DynamoDBProxyServer dynamodb = ServerRunner.createServerFromCommandLineArgs(
                new String[] {"-inMemory", "-sharedDb", "-disableTelemetry"});

        Field field = DynamoDBProxyServer.class.getDeclaredField("server");
        field.setAccessible(true);
        ServerConnector connector = (ServerConnector) ((Server) field.get(dynamodb)).getConnectors()[0];
        connector.setHost("127.0.0.1");
        connector.setPort(Integer.parseInt(args[0]));
        dynamodb.safeStart();

        Path portFile = Path.of(args[1]);
        Path draft = Path.of(args[1] + ".new");
        Files.writeString(draft, connector.getLocalPort() + "\n");
        Files.move(draft, portFile, StandardCopyOption.ATOMIC_MOVE);
        dynamodb.join();
    }
}
