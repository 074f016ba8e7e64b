"""The service tags that security rules may name (Microsoft Learn, "Virtual network service tags")."""

from __future__ import annotations

_NAMES = """
    ActionGroup ApiManagement ApplicationInsightsAvailability AppConfiguration AppService AppServiceManagement
    AzureActiveDirectory AzureActiveDirectoryDomainServices AzureAdvancedThreatProtection AzureAIFoundryAgent
    AzureApplianceTelemetry AzureArcInfrastructure AzureAttestation AzureBackup AzureBotService AzureCloud
    AzureCognitiveSearch AzureConnectors AzureContainerAppsService AzureContainerRegistry AzureCosmosDB
    AzureDatabricks AzureDataExplorerManagement AzureDataLake AzureDeviceUpdate AzureDevOps AzureDevSpaces
    AzureDigitalTwins AzureEventGrid AzureFrontDoor AzureHealthcareAPIs AzureInformationProtection AzureIoTHub
    AzureKeyVault AzureLoadBalancer AzureMachineLearning AzureMachineLearningInference AzureManagedGrafana AzureMonitor
    AzureMonitorForSAP AzureOpenDatasets AzurePlatformDNS AzurePlatformIMDS AzurePlatformLKM AzurePortal
    AzureResourceManager AzureSecurityCenter AzureSentinel AzureSignalR AzureSiteRecovery AzureSphere
    AzureSpringCloud AzureStack AzureTrafficManager AzureUpdateDelivery AzureVideoAnalyzerForMedia AzureWebPubSub
    BatchNodeManagement ChaosStudio CognitiveServicesFrontend CognitiveServicesManagement DataFactory
    DataFactoryManagement Dynamics365BusinessCentral Dynamics365ForMarketingEmail EOPExternalPublishedIPs EventHub
    GatewayManager GenevaActions GuestAndHybridManagement HDInsight Internet KustoAnalytics LogicApps
    LogicAppsManagement M365ManagementActivityApi M365ManagementActivityApiWebhook Marketplace
    MicrosoftAzureFluidRelay MicrosoftCloudAppSecurity MicrosoftContainerRegistry MicrosoftDefenderForEndpoint
    MicrosoftPurviewPolicyDistribution OfficeExchange OneDsCollector PowerBI PowerPlatformInfra PowerPlatformPlex
    PowerQueryOnline SCCservice Scuba SerialConsole ServiceBus ServiceFabric Sql SqlManagement Storage StorageMover
    StorageSyncService TrafficAnalytics VideoIndexer VirtualDesktop VirtualNetwork WindowsAdminCenter
    WindowsVirtualDesktop
"""
KNOWN = frozenset(name.lower() for name in _NAMES.split())


def is_tag(text: str) -> bool:
    """Whether this is a service tag, or one of a region or part of a service: ``Storage.WestEurope``."""
    return text.partition(".")[0].lower() in KNOWN
